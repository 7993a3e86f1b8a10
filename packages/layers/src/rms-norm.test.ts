import "@tenon/interpreter";
import { rmsNorm } from "@tenon/layers";
import { setBackend, spec, tensor, zeros } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import { built, inside, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

test("examples are divided by their root mean square", async () => {
  const y = await list(built(rmsNorm(), spec(["B", 2])).call(tensor([[3, 4]])));
  expect(y[0]).toBeCloseTo(3 / Math.sqrt(12.5 + 1e-6), 6);
  expect(y[1]).toBeCloseTo(4 / Math.sqrt(12.5 + 1e-6), 6);
});

test("the scale has the shape of the normalised axes, and may be left out", () => {
  expect(built(rmsNorm({ axis: 1 }), spec(["B", 3, 4])).scale!.shape).toEqual([3, 4]);
  expect(built(rmsNorm({ useScale: false }), spec(["B", 4])).scale).toBeNull();
});

test("what does not fit is refused", () => {
  expect(() => inside(rmsNorm({ axis: 2 }), spec(["B", 3]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E205 rmsNorm: axis 2 is outside rank 2.
      x: float32 [B, 3]
      at: encoder.rmsNorm1 (rms-norm.test.ts:21)
      fix: choose another axis, or give more axes.]
  `);
  expect(() => built(rmsNorm(), spec(["B", 3])).call(zeros([2, 4]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E204 rmsNorm: the axes from -1 on are [4] but the layer was built for [3].
      x: float32 [2, 4]
      at: rms-norm.test.ts:27
      fix: give it the shape that it was built for.]
  `);
  expect(() => rmsNorm({ useBias: true } as never)).toThrow("E801");
});
