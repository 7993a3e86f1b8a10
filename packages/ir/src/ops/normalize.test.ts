import { backward } from "@tenon/autograd";
import { expect, test } from "vitest";
import {
  applyOp,
  batchNorm,
  batchNormInference,
  constant,
  groupNorm,
  input,
  layerNorm,
  layerNormOp,
  rmsNorm,
  spec,
} from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated, stepwise } from "./evaluated.test-kit.ts";

const close = (actual: readonly number[], expected: readonly number[]): void => {
  expect(actual.length).toBe(expected.length);
  actual.forEach((x, i) => {
    expect(x).toBeCloseTo(expected[i]!, 6);
  });
};

test("layerNorm gives each row mean 0 and variance 1, then scales and shifts it", () => {
  const x = constant([1, 2, 3, 10, 20, 30], [2, 3]);
  const d = Math.sqrt(1.5);
  close(evaluated(layerNorm(x, { eps: 1e-12 })), [-d, 0, d, -d, 0, d]);
  const affine = { scale: constant([1, 2, 3]), bias: constant([0, 1, 0]), eps: 1e-12 };
  close(evaluated(layerNorm(x, affine)), [-d, 1, 3 * d, -d, 1, 3 * d]);
  close(evaluated(layerNorm(x, { bias: constant([0, 1, 0]), eps: 1e-12 })), [-d, 1, d, -d, 1, d]);
});

test("layerNorm over several axes has one statistic per example", () => {
  const [, mean, rstd] = applyOp(layerNormOp, [input(spec(["B", 3, 4]))], { axis: 1 });
  expect([mean, rstd].map(String)).toEqual(["Tensor(float32 [B])", "Tensor(float32 [B])"]);
});

test("layerNorm of float16 squares in float32: 795² is beyond float16", () => {
  const x = constant([795, -795, 795, -795], [1, 4], "float16");
  const affine = { scale: constant(1, [4]), bias: constant(0, [4]) };
  expect(stepwise(layerNorm(x, affine))).toEqual({ values: [1, -1, 1, -1], overflows: [] });
  const { gradients } = backward([layerNorm(x)], [x], [constant([100, 0, 0, 0], [1, 4], "float16")]);
  expect(stepwise(gradients[0]!).overflows).toEqual([]);
});

test("a constant row becomes 0, and eps keeps its gradient finite", () => {
  const x = constant(7, [1, 4]);
  expect(stepwise(layerNorm(x))).toEqual({ values: [0, 0, 0, 0], overflows: [] });
});

test("rmsNorm divides by the root of the mean square and leaves the mean", () => {
  const x = constant([3, 4], [1, 2]);
  const r = Math.sqrt(12.5);
  close(evaluated(rmsNorm(x, { scale: constant([1, 2]), eps: 1e-12 })), [3 / r, 8 / r]);
});

test("groupNorm averages over the places and the channels of a group", () => {
  const x = constant([0, 2, 10, 10, 4, 6, 10, 30], [1, 2, 4]);
  const d = 1 / Math.sqrt(5); // of 0 2 4 6, whose mean is 3; then 10 10 10 30
  const e = 1 / Math.sqrt(75);
  const expected = [-3 * d, -d, -5 * e, -5 * e, d, 3 * d, -5 * e, 15 * e];
  close(evaluated(groupNorm(x, { groups: 2, eps: 1e-12 })), expected);
});

test("batchNorm gives the mean and variance of each channel of the batch as results", () => {
  const x = input(spec(["B", 2]));
  const { y, mean, variance } = batchNorm(x, { eps: 1e-12 });
  const given = [[x, [1, 10, 3, 30]]] as const;
  close(evaluated(mean, given), [2, 20]);
  close(evaluated(variance, given), [1, 100]);
  close(evaluated(y, given), [-1, -1, 1, 1]);
});

test("batchNormInference uses the statistics it is given", () => {
  const x = constant([1, 10, 3, 30], [2, 2]);
  const y = batchNormInference(x, constant([1, 0]), constant([4, 100]), {
    scale: constant([2, 1]),
    bias: constant([5, 0]),
    eps: 1e-12,
  });
  close(evaluated(y), [5, 1, 7, 3]);
});

test("the channels may be any axis", () => {
  const x = constant([1, 3, 10, 30], [2, 2]);
  close(evaluated(batchNorm(x, { axis: 0 }).mean), [2, 20]);
});

test("scale, bias, groups and eps are checked", () => {
  const x = constant(0, [2, 6]);
  expect(refusal(() => layerNorm(x, { scale: constant(1, [5]) }))).toMatchInlineSnapshot(`
    "ShapeError E203 nn.layer_norm: scale is [5] where [6] is wanted.
      x: float32 [2, 6]
      affine[0]: float32 [5]"
  `);
  expect(refusal(() => layerNorm(x, { scale: constant(1, [6], "float64") }))).toMatchInlineSnapshot(`
    "DTypeError E201 nn.layer_norm: x is float32 but scale is float64.
      x: float32 [2, 6]
      affine[0]: float64 [6]
      fix: convert one of them."
  `);
  expect(refusal(() => groupNorm(x, { groups: 4 }))).toMatchInlineSnapshot(`
    "ShapeError E203 nn.group_norm: 6 channels do not divide into 4 groups.
      x: float32 [2, 6]"
  `);
  expect(refusal(() => layerNorm(x, { eps: 0 }))).toMatchInlineSnapshot(`
    "OptionError E803 nn.layer_norm: eps is 0, which is not a number above 0.
      x: float32 [2, 6]"
  `);
  expect(refusal(() => layerNorm(x, { epsilon: 1e-3 } as object))).toMatchInlineSnapshot(`
    "OptionError E801 layerNorm: unknown option epsilon.
      fix: the options are scale, bias, axis, eps."
  `);
});
