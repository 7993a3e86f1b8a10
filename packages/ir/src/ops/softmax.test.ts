import { backward } from "@tenon/autograd";
import { expect, test } from "vitest";
import { constant, input, logSoftmax, softmax, softmaxCrossEntropy, spec } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated, stepwise } from "./evaluated.test-kit.ts";

const LOWEST = -3.4028234663852886e38; // of the finite float32 values

test("softmax of large logits does not overflow", () => {
  expect(stepwise(softmax(constant(1e4, [2])))).toEqual({ values: [0.5, 0.5], overflows: [] });
});

test("an entry masked with the lowest float is 0, and a row of nothing else is even", () => {
  const x = constant([LOWEST, 3, LOWEST, LOWEST], [2, 2]);
  expect(stepwise(softmax(x))).toEqual({ values: [0, 1, 0.5, 0.5], overflows: [] });
  expect(stepwise(logSoftmax(x)).overflows).toEqual([]);
});

test("logSoftmax keeps what softmax rounds to 0", () => {
  const [high, low] = stepwise(logSoftmax(constant([0, -200]))).values;
  expect([high, low]).toEqual([0, -200]);
});

test("cross-entropy is log Σ exp(x) − x_label, one value per row", () => {
  const x = constant([1, 2, 3, 0, 0, 0], [2, 3]);
  const loss = softmaxCrossEntropy(x, constant([2, 0], [2], "uint8"));
  const [first, second] = evaluated(loss);
  expect(first).toBeCloseTo(Math.log(Math.exp(1) + Math.exp(2) + Math.exp(3)) - 3, 12);
  expect(second).toBeCloseTo(Math.log(3), 12);
});

test("cross-entropy of large logits keeps its digits in float32", () => {
  const x = constant([1e4, 1e4 - 1], [1, 2]);
  const { values, overflows } = stepwise(softmaxCrossEntropy(x, constant([1], [1], "int32")));
  expect(overflows).toEqual([]);
  expect(values[0]).toBeCloseTo(1 + Math.log1p(Math.exp(-1)), 6);
});

test("the gradient of cross-entropy is p − onehot, and p for a label out of range", () => {
  const [x, labels] = [input(spec(["B", 2])), input(spec(["B"], "int32"))];
  const { gradients } = backward([softmaxCrossEntropy(x, labels).sum()], [x], [constant(1)]);
  const dx = evaluated(gradients[0]!, [
    [x, [0, 0, 0, 0]],
    [labels, [1, -1]],
  ]);
  expect(dx).toEqual([0.5, -0.5, 0.5, 0.5]);
});

test("labels are integers, one per row", () => {
  const x = constant(0, [4, 3]);
  expect(refusal(() => softmaxCrossEntropy(x, constant(0, [4])))).toMatchInlineSnapshot(`
    "DTypeError E201 softmaxCrossEntropy: indices are float32 where an integer type is wanted.
      indices: float32 [4]
      fix: convert them, for example indices.cast("int32")."
  `);
  expect(refusal(() => softmaxCrossEntropy(x, constant(0, [3], "int32")))).toMatchInlineSnapshot(`
    "ShapeError E203 nn.softmax_xent: labels are [3] where [4] is wanted, in (…,classes),(…)->(…).
      logits: float32 [4, 3]
      labels: int32 [3]
      fix: give one label per row of logits."
  `);
  expect(refusal(() => softmax(x, { axis: 2 }))).toMatchInlineSnapshot(`
    "OptionError E803 nn.softmax: axis is 2, which is not an axis of the first operand.
      x: float32 [4, 3]"
  `);
  expect(refusal(() => softmax(x, { axes: 1 } as object))).toMatchInlineSnapshot(`
    "OptionError E801 nn.softmax: unknown option axes.
      fix: did you mean axis?"
  `);
});
