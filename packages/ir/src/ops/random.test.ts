import { backward } from "@tenon/autograd";
import { expect, test } from "vitest";
import {
  constant,
  dropout,
  input,
  randomBernoulli,
  randomNormal,
  randomUniform,
  spec,
  topologicalOrder,
} from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated, stepwise } from "./evaluated.test-kit.ts";
import { inverseErf } from "./inverse-erf.ts";

const key = constant([0x1234, 0x5678], [2], "uint32");
const COUNT = 20_000;

function moments(x: readonly number[]): readonly [mean: number, variance: number] {
  const mean = x.reduce((sum, v) => sum + v, 0) / x.length;
  return [mean, x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length];
}

test("uniform values are multiples of 2⁻²³ in [0, 1)", () => {
  const x = evaluated(randomUniform(key, [COUNT]));
  expect(x.every((v) => v >= 0 && v < 1 && Number.isInteger(v * 2 ** 23))).toBe(true);
  const [mean, variance] = moments(x);
  expect(mean).toBeCloseTo(1 / 2, 2);
  expect(variance).toBeCloseTo(1 / 12, 2);
});

test("bounds stretch the same values", () => {
  const u = evaluated(randomUniform(key, [4]));
  expect(evaluated(randomUniform(key, [4], { low: -2, high: 2 }))).toEqual(u.map((v) => 4 * v - 2));
});

test("normal values have mean 0 and variance 1, none is infinite, and float32 steps give the same", () => {
  const x = randomNormal(key, [COUNT]);
  const [mean, variance] = moments(evaluated(x));
  expect(mean).toBeCloseTo(0, 1);
  expect(variance).toBeCloseTo(1, 1);
  const { values, overflows } = stepwise(x);
  expect(overflows).toEqual([]);
  expect(Math.max(...values.map(Math.abs))).toBeLessThan(5.3);
});

test("mean and std move normal values", () => {
  const z = evaluated(randomNormal(key, [4]));
  expect(evaluated(randomNormal(key, [4], { mean: 3, std: 2 }))).toEqual(z.map((v) => v * 2 + 3));
});

test("the inverse error function undoes erf, and is finite at the outermost values that normal uses", () => {
  const points = [-3.5, -2, -1, -0.1, 1e-4, 0.5, 1.5, 3];
  const x = constant(points, [points.length], "float64");
  evaluated(inverseErf(x.erf())).forEach((v, i) => {
    expect(Math.abs(v - points[i]!)).toBeLessThan(4e-7 * Math.abs(points[i]!) + 1e-9);
  });
  const edge = 1 - 2 ** -23;
  const { values, overflows } = stepwise(inverseErf(constant([-edge, edge, 2 ** -23])));
  expect(overflows).toEqual([]);
  expect(values[1]! * Math.SQRT2).toBeCloseTo(5.2947, 3);
});

test("bernoulli is true with its probability: never at 0, always at 1", () => {
  const [share] = moments(evaluated(randomBernoulli(key, 0.3, [COUNT])));
  expect(share).toBeCloseTo(0.3, 2);
  const p = constant([0, 1]);
  expect(evaluated(randomBernoulli(key, p, [3, 2]))).toEqual([0, 1, 0, 1, 0, 1]);
});

test("dropout keeps the mean and, with the same key, drops the same", () => {
  const y = evaluated(dropout(constant(1, [COUNT]), key, { rate: 0.25 }));
  expect(new Set(y)).toEqual(new Set([0, 1 / 0.75].map((v) => (v === 0 ? 0 : Math.fround(v)))));
  expect(moments(y)[0]).toBeCloseTo(1, 1);
  expect(evaluated(dropout(constant(1, [COUNT]), key, { rate: 0.25 }))).toEqual(y);
});

test("rate 0 drops nothing, rate 1 everything", () => {
  expect(evaluated(dropout(constant([1, 2]), key, { rate: 0 }))).toEqual([1, 2]);
  expect(stepwise(dropout(constant([1, 2]), key, { rate: 1 }))).toEqual({ values: [0, 0], overflows: [] });
});

test("the gradient of dropout passes where the value passed", () => {
  const x = input(spec(["B", 3]));
  const y = dropout(x, key, { rate: 0.5 });
  const { gradients } = backward([y], [x], [x.mul(0).add(1)]);
  const given = [[x, [1, 1, 1, 1, 1, 1]]] as const;
  expect(evaluated(gradients[0]!, given)).toEqual(evaluated(y, given));
  expect(topologicalOrder([gradients[0]!]).filter((node) => node.op.name === "nn.dropout")).toHaveLength(1);
});

test("a rate outside 0 to 1 is refused", () => {
  expect(refusal(() => dropout(constant([1]), key, { rate: 1.5 }))).toMatchInlineSnapshot(`
    "OptionError E803 nn.dropout: rate is 1.5, which is not a number from 0 to 1.
      x: float32 [1]"
  `);
  expect(refusal(() => dropout(constant([1]), key, { p: 0.5 } as never))).toMatchInlineSnapshot(`
    "OptionError E801 nn.dropout: unknown option p.
      fix: the options are rate."
  `);
});
