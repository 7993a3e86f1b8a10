import { expect, test } from "vitest";
import { readPackages } from "./sources.ts";

/** Places that give a number to something called a tolerance. */
const stated = (text: string): readonly string[] =>
  text.match(/\b(\w*tolerance|atol|rtol|ulps)\w*\s*[:=]\s*[\d.]+/gi) ?? [];

test("no file but conformance/src/tolerance.ts states a tolerance", () => {
  const places = readPackages().flatMap(({ name, files }) =>
    [...files].filter(([, text]) => stated(text).length > 0).map(([path]) => `${name} ${path}`),
  );
  expect(places.filter((place) => place !== "@tenon/conformance src/tolerance.ts")).toEqual([]);
});

test("the check bites: a number with that name is found, a name without a number is not", () => {
  expect(stated("const gradientTolerance = 1e-3;")).toHaveLength(1);
  expect(stated("check(x, { rtol: 0.01, atol: .5 })")).toHaveLength(2);
  expect(stated("differences(e, a, tolerance)")).toHaveLength(0);
});
