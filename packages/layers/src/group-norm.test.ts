import "@tenon/interpreter";
import { groupNorm, instanceNorm } from "@tenon/layers";
import { setBackend, spec, tensor, zeros } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import { built, inside, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

const x = tensor([1, 3, 10, 30, 5, 7, 50, 70], { shape: [1, 2, 4] });

test("the groups of an example's channels have mean 0 and variance 1", async () => {
  const y = await list(built(groupNorm(2, { eps: 1e-9 }), spec(["B", 2, 4])).call(x));
  const of = (channels: readonly number[]) => channels.flatMap((c) => [y[c]!, y[4 + c]!]);
  for (const group of [
    [0, 1],
    [2, 3],
  ].map(of)) {
    expect(group.reduce((sum, v) => sum + v, 0)).toBeCloseTo(0, 5);
    expect(group.reduce((sum, v) => sum + v * v, 0) / 4).toBeCloseTo(1, 5);
  }
});

test("as many groups as channels are instance normalisation", async () => {
  const y = built(instanceNorm(), spec(["B", 2, 4])).call(x);
  expect(await list(y)).toEqual(await list(built(groupNorm(4), spec(["B", 2, 4])).call(x)));
  expect((await list(y))[0]).toBeCloseTo(-2 / Math.sqrt(4 + 1e-3), 5);
});

test("scale and bias are one per channel", () => {
  const layer = built(groupNorm(2), spec(["B", 5, 6, 4]));
  expect([layer.scale!.shape, layer.bias!.shape]).toEqual([[4], [4]]);
  expect(built(instanceNorm({ useScale: false, useBias: false }), spec(["B", 5, 4])).scale).toBeNull();
});

test("what does not fit is refused", () => {
  expect(() => inside(groupNorm(), spec(["B", 8, 8, 12]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E203 groupNorm: 12 channels do not divide into 32 groups.
      x: float32 [B, 8, 8, 12]
      at: encoder.groupNorm1 (group-norm.test.ts:36)
      fix: give groups a divisor of the channels.]
  `);
  expect(() => inside(instanceNorm(), spec([3]))).toThrow("E206");
  expect(() => built(instanceNorm(), spec(["B", 5, 4])).call(zeros([2, 5, 3]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E204 instanceNorm: the input has 3 channels but the layer was built for (N, *, 4).
      x: float32 [2, 5, 3]
      at: group-norm.test.ts:43
      fix: give it 4 channels, the last axis.]
  `);
  expect(() => groupNorm(2.5)).toThrow("groups is 2.5");
  expect(() => groupNorm(2, { epsilon: 1 } as never)).toThrow("E801");
});
