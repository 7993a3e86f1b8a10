import { backward } from "@tenon/autograd";
import { expect, test } from "vitest";
import { clamp, constant, gelu, input, isNaN, relu, sigmoid, silu, softplus, spec, type Tensor } from "../index.ts";
import { erfValue } from "../special.ts";
import { evaluated, stepwise } from "./evaluated.test-kit.ts";

const LOWEST = -3.4028234663852886e38; // of the finite float32 values
const points = [LOWEST, -1e4, -88, -3, -0.5, 0, 0.25, 1, 20, 88, 1e4, -LOWEST];

const formulas: Readonly<Record<string, readonly [(x: Tensor) => Tensor, (x: number) => number]>> = {
  relu: [(x) => relu(x), (x) => Math.max(x, 0)],
  sigmoid: [(x) => sigmoid(x), (x) => 1 / (1 + Math.exp(-x))],
  silu: [(x) => silu(x), (x) => x / (1 + Math.exp(-x))],
  softplus: [(x) => softplus(x), (x) => (x > 30 ? x : Math.log1p(Math.exp(x)))],
  gelu: [(x) => gelu(x), (x) => 0.5 * x * (1 + erfValue(x * Math.SQRT1_2))],
  "tanh gelu": [
    (x) => gelu(x, { approximate: "tanh" }),
    (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  ],
  clamp: [(x) => clamp(x, -2, 0.5), (x) => Math.min(Math.max(x, -2), 0.5)],
};

for (const [name, [f, formula]] of Object.entries(formulas)) {
  test(`${name} follows its formula in float32 steps, and no step overflows, nor one of its gradient`, () => {
    const x = input(spec([points.length]));
    const y = f(x);
    const { values, overflows } = stepwise(y, [[x, points]]);
    expect(overflows).toEqual([]);
    values.forEach((v, i) => {
      const exact = formula(points[i]!);
      expect(Math.abs(v - exact), `${name}(${points[i]})`).toBeLessThanOrEqual(4e-7 * Math.max(1, Math.abs(exact)));
    });
    const { gradients } = backward([y], [x], [constant(1, [points.length])]);
    expect(stepwise(gradients[0]!, [[x, points]]).overflows).toEqual([]);
  });
}

test("sigmoid keeps small values where 1 − σ(−x) would be 0", () => {
  expect(stepwise(sigmoid(constant([-80]))).values[0]).toBeCloseTo(Math.exp(-80), 40);
});

test("relu has slope 0 at 0, and NaN stays", () => {
  const x = input(spec([4]));
  const { gradients } = backward([relu(x)], [x], [constant(1, [4])]);
  expect(evaluated(gradients[0]!, [[x, [-1, 0, -0, 2]]])).toEqual([0, 0, 0, 1]);
  expect(evaluated(relu(constant([NaN])))).toEqual([NaN]);
});

test("gelu of float16 is computed in float32: 300² is beyond float16", () => {
  const x = constant([300, -300], [2], "float16");
  expect(stepwise(gelu(x, { approximate: "tanh" }))).toEqual({ values: [300, -0], overflows: [] });
});

test("bounds of clamp are numbers or tensors, and receive the gradient where they are reached", () => {
  const [x, low] = [input(spec([3])), input(spec([]))];
  const { gradients } = backward([clamp(x, low, 5)], [x, low], [constant([1, 1, 1])]);
  const given = [
    [x, [-4, 0, 9]],
    [low, [-1]],
  ] as const;
  expect(gradients.map((dx) => evaluated(dx!, given))).toEqual([[0, 1, 0], [1]]);
  expect(evaluated(constant([-4, 9], [2], "int32").clamp(0, 7))).toEqual([0, 7]);
});

test("isNaN is decided by bits, and infinities are none", () => {
  for (const dtype of ["float16", "bfloat16", "float32", "float64"] as const) {
    const x = constant([NaN, -NaN, Infinity, -Infinity, 0, 1], [6], dtype);
    expect(stepwise(isNaN(x)).values).toEqual([1, 1, 0, 0, 0, 0]);
  }
});
