import { expect, test } from "vitest";
import { constant, erf, exp, expm1, log, log1p, rsqrt, sqrt } from "../index.ts";
import { erfValue } from "../special.ts";
import { evaluated } from "./evaluated.test-kit.ts";

// by the erf of glibc 2.36
const known: readonly (readonly [x: number, erf: number])[] = [
  [0.1, 0.1124629160182849],
  [0.5, 0.5204998778130465],
  [1, 0.8427007929497149],
  [1.5, 0.9661051464753108],
  [2, 0.9953222650189527],
  [2.5, 0.999593047982555],
  [3, 0.9999779095030014],
  [4, 0.9999999845827421],
  [5, 0.9999999999984626],
];

test("erf is exact to a few units in the last place, and odd", () => {
  for (const [x, y] of known) {
    expect(Math.abs(erfValue(x) - y)).toBeLessThan(5e-16);
    expect(erfValue(-x)).toBe(-erfValue(x));
  }
  expect([0, -0, Infinity, -Infinity, NaN].map(erfValue)).toEqual([0, -0, 1, -1, NaN]);
  expect(erfValue(1e-200)).toBeCloseTo((2 / Math.sqrt(Math.PI)) * 1e-200, 210);
});

test("erf rises where its two formulas meet", () => {
  for (let x = 2.4; x < 2.6; x += 0.0001) expect(erfValue(x + 0.0001)).toBeGreaterThan(erfValue(x));
});

test("expm1 and log1p keep small numbers", () => {
  const tiny = constant([1e-12], [1], "float64");
  expect(evaluated(expm1(tiny))).toEqual([1.0000000000005e-12]);
  expect(evaluated(log1p(tiny))).toEqual([9.999999999995e-13]);
});

test("edges are those of IEEE", () => {
  expect(evaluated(exp(constant([-Infinity, 0, Infinity])))).toEqual([0, 1, Infinity]);
  expect(evaluated(log(constant([0, 1, -1])))).toEqual([-Infinity, 0, NaN]);
  expect(evaluated(sqrt(constant([-1, 0, 4])))).toEqual([NaN, 0, 2]);
  expect(evaluated(rsqrt(constant([0, 4, Infinity])))).toEqual([Infinity, 0.5, 0]);
  expect(evaluated(erf(constant([NaN, Infinity])))).toEqual([NaN, 1]);
});
