import { backward } from "@tenon/autograd";
import { expect, test } from "vitest";
import { constant, conv, convTranspose, input, iota, spec, type Tensor } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated } from "./evaluated.test-kit.ts";

const random = (shape: readonly number[], seed: number): Tensor => {
  const count = shape.reduce((n, d) => n * d, 1);
  return constant(
    Array.from({ length: count }, (_, i) => (((i * 7 + seed * 13) % 11) - 5) / 4),
    shape,
  );
};

test("each entry lays the kernel down, a stride from the next", () => {
  const x = constant([1, 2], [1, 2, 1]);
  const w = constant([1, 10, 100], [3, 1, 1]);
  expect(evaluated(convTranspose(x, w))).toEqual([1, 12, 120, 200]);
  expect(evaluated(convTranspose(x, w, { stride: 2 }))).toEqual([1, 10, 102, 20, 200]);
  expect(evaluated(convTranspose(x, w, { stride: 2, padding: 1 }))).toEqual([10, 102, 20]);
  expect(evaluated(convTranspose(x, w, { stride: 2, padding: 1, outputPadding: 1 }))).toEqual([10, 102, 20, 200]);
  expect(evaluated(convTranspose(x, w, { stride: 2, outputPadding: 1 }))).toEqual([1, 10, 102, 20, 200, 0]);
});

test("padding of the kind same gives n·stride places, also where the stride exceeds the kernel", () => {
  const x = constant([1, 2], [1, 2, 1]);
  expect(evaluated(convTranspose(x, constant([1, 10, 100], [3, 1, 1]), { stride: 2, padding: "same" }))).toEqual([
    1, 10, 102, 20,
  ]);
  expect(evaluated(convTranspose(x, constant([1, 10], [2, 1, 1]), { stride: 3, padding: "same" }))).toEqual([
    1, 10, 0, 2, 20, 0,
  ]);
});

test("it is the gradient of conv in x", () => {
  for (const options of [
    { stride: 2, padding: 1, outputPadding: [0, 1] },
    { padding: 1, dilation: 2 },
    { groups: 2 },
    { stride: [2, 1], padding: [[3, 3], 0] as const },
  ]) {
    const { outputPadding: _, ...shared } = options;
    const x = random([2, 7, 6, 4], 1);
    const w = random([3, 3, options.groups === 2 ? 2 : 4, 6], 2);
    const y = conv(x, w, shared);
    const dy = random(y.shape as number[], 3);
    expect(evaluated(convTranspose(dy, w, options))).toEqual(evaluated(backward([y], [x], [dy]).gradients[0]!));
  }
});

test("sizes may be symbolic", () => {
  const y = convTranspose(input(spec(["B", "H", 3, 2])), random([3, 3, 4, 2], 1), { stride: 2, padding: "same" });
  expect(y.shape.map(String)).toEqual(["B", "2*H", "6", "4"]);
});

test("channels, kernels and options that do not fit are refused with both values", () => {
  const x = iota([1, 5, 3], 0, "float32");
  const w = (...shape: number[]): Tensor => iota(shape, 0, "float32");
  expect(refusal(() => convTranspose(x, w(3, 8, 4)))).toMatchInlineSnapshot(`
    "ShapeError E204 convTranspose: x has 3 channels but w takes 4, in (N,*n,C),(*k,O/groups,C)->(N,*o,O).
      x: float32 [1, 5, 3]
      w: float32 [3, 8, 4]
      fix: give w the size 3 along its last axis."
  `);
  expect(refusal(() => convTranspose(x, w(3, 3, 8, 3)))).toMatchInlineSnapshot(`
    "ShapeError E206 convTranspose: w has rank 4, not 3, in (N,*n,C),(*k,O/groups,C)->(N,*o,O).
      x: float32 [1, 5, 3]
      w: float32 [3, 3, 8, 3]"
  `);
  expect(refusal(() => convTranspose(x, w(3, 8, 3), { groups: 2 }))).toMatchInlineSnapshot(`
    "ShapeError E203 convTranspose: 3 channels of x do not divide into 2 groups.
      x: float32 [1, 5, 3]
      w: float32 [3, 8, 3]"
  `);
  expect(refusal(() => convTranspose(x, w(3, 8, 3), { stride: 2, outputPadding: 2 }))).toMatchInlineSnapshot(`
    "OptionError E803 convTranspose: outputPadding is 2, not below the stride 2.
      fix: pad the result, or use a larger stride."
  `);
  expect(refusal(() => convTranspose(x, w(3, 8, 3), { padding: 4 }))).toMatchInlineSnapshot(`
    "ShapeError E210 convTranspose: with its padding axis 1 of the result has size -1.
      x: float32 [1, 5, 3]
      w: float32 [3, 8, 3]
      fix: pad by less."
  `);
  expect(refusal(() => convTranspose(x, w(3, 8, 3), { strides: 2 } as object))).toMatchInlineSnapshot(`
    "OptionError E801 convTranspose: unknown option strides.
      fix: did you mean stride?"
  `);
});
