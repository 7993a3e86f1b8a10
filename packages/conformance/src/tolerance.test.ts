import { evaluateTensors } from "@tenon/interpreter";
import { type Elements, roundToDType, type Tensor } from "@tenon/ir";
import { allSamples } from "@tenon/ir/samples";
import { expect, test } from "vitest";
import { type Evaluate, runSample, sampleTitle } from "./sample-runner.ts";
import { differences, firstOutside, lossBand, type Tolerance, tolerances, ulp } from "./tolerance.ts";

const none: Tolerance = { ulps: 0, relative: 0, absolute: 0 };

test("a unit in the last place is the distance to the next number of the dtype", () => {
  expect(ulp("float32", 1)).toBe(2 ** -23);
  expect(ulp("float32", -3)).toBe(2 ** -22);
  expect([ulp("float32", 0), ulp("float32", 1e-45)]).toEqual([2 ** -149, 2 ** -149]);
  expect([ulp("float16", 1), ulp("bfloat16", 1), ulp("float64", 1)]).toEqual([2 ** -10, 2 ** -7, 2 ** -52]);
  expect([ulp("int32", 7), ulp("float32", Infinity)]).toEqual([0, 0]);
});

test("each of the three allowances admits what it says and no more", () => {
  const places = (e: readonly number[], a: readonly number[], t: Partial<Tolerance>) =>
    differences("float32", e, a, { ...none, ...t });
  const unit = 2 ** -23;
  expect(places([1, 1], [1 + 2 * unit, 1 + 3 * unit], { ulps: 2 })).toEqual([1]);
  expect(places([100, 100], [100.1, 100.2], { relative: 1.5e-3 })).toEqual([1]);
  expect(places([0, 0, 100], [0.09, 0.11, 100], { absolute: 1e-3 })).toEqual([1]);
  expect(places([NaN, Infinity, 1], [NaN, Infinity, NaN], {})).toEqual([2]);
  expect(differences("float16", [1], [1 + 2 ** -10], none)).toEqual([]);
});

test("an executor that rounds to the dtype passes every sample, one that is 1 % off fails wherever floats are computed", () => {
  const executor =
    (change: (x: number, t: Tensor) => number): Evaluate =>
    (results, values) =>
      evaluateTensors(results, values).map(
        (r, i): Elements => ({ ...r, data: r.data.map((x) => change(x, results[i]!)) }),
      );
  const problems = (evaluate: Evaluate) =>
    allSamples().filter(
      (sample) =>
        runSample(sample, { reference: executor((x, t) => roundToDType(t.dtype, x)), evaluate, level: "ieee" }).length >
        0,
    );
  expect(problems(executor((x, t) => roundToDType(t.dtype, x))).map(sampleTitle)).toEqual([]);
  expect(problems(executor((x, t) => (t.dtype === "float32" ? x * 1.01 : x))).length).toBeGreaterThan(200);
});

test("a float64 sample is held to float64", () => {
  expect(differences("float64", [1], [1 + 1e-15], tolerances.division.portable)).toEqual([0]);
});

test("the band of a loss curve is ten times the spread of the perturbed runs, and a little", () => {
  const band = lossBand([
    [1, 0.5],
    [1, 0.51],
    [1, 0.5],
    [1, 0.495],
    [1, 0.5],
  ]);
  expect(band.width[0]).toBeCloseTo(1e-5, 12);
  expect(band.width[1]).toBeCloseTo(0.15 + 0.5e-5, 12);
  expect(firstOutside(band, [1, 0.64])).toBeUndefined();
  expect(firstOutside(band, [1, 0.66])).toBe(1);
  expect(firstOutside(band, [1.1, 0.5])).toBe(0);
  expect(firstOutside(band, [1])).toBe(1);
  expect(firstOutside(band, [1, NaN])).toBe(1);
});
