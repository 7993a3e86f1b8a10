import { expect, test } from "vitest";
import { constant, cumsum, input, logSumExp, mean, spec, variance } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated, stepwise } from "./evaluated.test-kit.ts";

test("mean takes one axis, several or all, and may keep them", () => {
  const x = constant([1, 2, 3, 4, 5, 9], [2, 3]);
  expect(evaluated(mean(x))).toEqual([4]);
  expect(evaluated(x.mean({ axis: 0 }))).toEqual([2.5, 3.5, 6]);
  expect(x.mean({ axis: -1, keepDims: true }).shape).toEqual([2, 1]);
});

test("integers and bool are averaged as float32", () => {
  const right = constant([1, 1, 0, 1], [4], "bool").mean();
  expect([right.dtype, ...evaluated(right)]).toEqual(["float32", 0.75]);
});

test("the mean over a symbolic axis divides by what it is bound to", () => {
  const x = input(spec(["B", 2]));
  expect(evaluated(mean(x, { axis: 0 }), [[x, [1, 2, 3, 4, 5, 9]]])).toEqual([3, 5]);
});

test("the mean of float16 is added up and divided in float32", () => {
  expect(stepwise(mean(constant(300, [1000], "float16")))).toEqual({ values: [300], overflows: [] });
});

test("variance is the population's, unless corrected", () => {
  const x = constant([2, 4, 4, 4, 5, 5, 7, 9]);
  expect(evaluated(variance(x))).toEqual([4]);
  expect(evaluated(variance(x, { correction: 1 }))[0]).toBeCloseTo(32 / 7, 12);
  const batch = input(spec(["B"]));
  expect(evaluated(variance(batch, { correction: 1 }), [[batch, [1, 3]]])).toEqual([2]);
});

test("variance around a large mean keeps its digits in float32", () => {
  expect(stepwise(variance(constant([10_000, 10_001, 10_002]))).values[0]).toBeCloseTo(2 / 3, 6);
});

test("logSumExp neither overflows nor turns −∞ into NaN", () => {
  expect(stepwise(logSumExp(constant([1e4, 1e4])))).toEqual({ values: [Math.fround(1e4 + Math.LN2)], overflows: [] });
  expect(evaluated(logSumExp(constant([-Infinity, -Infinity])))).toEqual([-Infinity]);
});

test("cumsum runs along any axis, from either end, over symbolic sizes", () => {
  const x = constant([1, 2, 3, 4, 5, 6, 7], [7], "int32");
  expect(evaluated(cumsum(x))).toEqual([1, 3, 6, 10, 15, 21, 28]);
  expect(evaluated(cumsum(x, { reverse: true }))).toEqual([28, 27, 25, 22, 18, 13, 7]);
  expect(evaluated(cumsum(constant([1, 2, 3, 4], [2, 2]), { axis: 0 }))).toEqual([1, 2, 4, 6]);
  const steps = input(spec(["T", 1]));
  expect(evaluated(cumsum(steps, { axis: 0 }), [[steps, [1, 2, 3, 4, 5]]])).toEqual([1, 3, 6, 10, 15]);
});

test("an axis outside the rank is refused", () => {
  expect(refusal(() => mean(constant(0, [2, 3]), { axis: 2 }))).toMatchInlineSnapshot(`
    "ShapeError E205 mean: axis 2 is outside rank 2.
      x: float32 [2, 3]
      fix: use an axis from -2 to 1."
  `);
});

test("an unknown option is refused", () => {
  expect(refusal(() => mean(constant(0, [2]), { keepdims: true } as object))).toMatchInlineSnapshot(`
    "OptionError E801 mean: unknown option keepdims.
      fix: did you mean keepDims?"
  `);
});
