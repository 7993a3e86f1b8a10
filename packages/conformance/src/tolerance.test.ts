import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { differences, firstOutside, lossBand, tolerances, ulp } from "./tolerance.ts";

const packages = fileURLToPath(new URL("../../", import.meta.url));

test("no other file of any package states a tolerance", () => {
  const sources = readdirSync(packages, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => /^[\w-]+\/src\/.*\.ts$/.test(path) && !/\.(test|long)\.ts$/.test(path));
  expect(sources).toContain("conformance/src/tolerance.ts");
  const stated = sources.filter((path) =>
    /\b(\w*tolerance|atol|rtol|ulps)\w*\s*[:=]\s*[\d.]/i.test(readFileSync(join(packages, path), "utf8")),
  );
  expect(stated.filter((path) => path !== "conformance/src/tolerance.ts")).toEqual([]);
});

test("every numeric class has a tolerance on both levels, and the portable one is never the tighter", () => {
  expect(Object.keys(tolerances)).toEqual(["exact", "rounded", "division", "transcendental", "accumulate"]);
  for (const { ieee, portable } of Object.values(tolerances)) {
    for (const key of ["ulps", "relative", "absolute"] as const)
      expect(portable[key]).toBeGreaterThanOrEqual(ieee[key]);
  }
});

test("one unit in the last place is that of the dtype at the value", () => {
  expect([ulp("float32", 1), ulp("float32", 1.99), ulp("float32", 2)]).toEqual([2 ** -23, 2 ** -23, 2 ** -22]);
  expect([ulp("float32", 0), ulp("float32", 2 ** -140), ulp("float64", 1)]).toEqual([2 ** -149, 2 ** -149, 2 ** -52]);
  expect([ulp("float16", 1), ulp("bfloat16", -1), ulp("int32", 5), ulp("float32", Infinity)]).toEqual([
    2 ** -10,
    2 ** -7,
    0,
    0,
  ]);
});

test("an element passes by units, by its own size or by the largest one, and infinities and NaN only by being equal", () => {
  const units = { ulps: 2, relative: 0, absolute: 0 };
  expect(differences("float32", [1, 1], [1 + 2 ** -22, 1 + 2 ** -21], units)).toEqual([1]);
  expect(differences("float32", [1000, 1], [1000.5, 1.5], { ulps: 0, relative: 1e-3, absolute: 0 })).toEqual([1]);
  expect(differences("float32", [1000, 0], [1000, 0.5], { ulps: 0, relative: 0, absolute: 1e-3 })).toEqual([]);
  expect(differences("float32", [Infinity, NaN, 1], [1e38, NaN, NaN], units)).toEqual([0, 2]);
});

test("the band around a loss is 10 times the spread of the perturbed runs, plus 1e-5 of the loss", () => {
  const band = lossBand([
    [1, 0.5],
    [1, 0.501],
    [1, 0.499],
  ]);
  expect(firstOutside(band, [1 + 0.9e-5, 0.5 + 0.0199])).toBeUndefined();
  expect(firstOutside(band, [1 + 1.1e-5, 0.5])).toBe(0);
  expect(firstOutside(band, [1, 0.5 - 0.021])).toBe(1);
  expect(firstOutside(band, [1])).toBe(1);
  expect(firstOutside(band, [1, NaN])).toBe(1);
});
