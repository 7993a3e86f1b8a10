import { expect, test } from "vitest";
import { ceil, constant, floor, round } from "../index.ts";
import { evaluated } from "./evaluated.test-kit.ts";

const x = constant([-2.5, -1.2, -0.5, 0.5, 1.5, 2.7]);

test("floor and ceil go down and up, round goes to the nearest and from halves to the even one", () => {
  expect(evaluated(floor(x))).toEqual([-3, -2, -1, 0, 1, 2]);
  expect(evaluated(ceil(x))).toEqual([-2, -1, -0, 1, 2, 3]);
  expect(evaluated(round(x))).toEqual([-2, -1, -0, 0, 2, 3]);
});

test("infinities and NaN stay", () => {
  const edges = constant([-Infinity, Infinity, NaN]);
  for (const op of [floor, ceil, round]) expect(evaluated(op(edges))).toEqual([-Infinity, Infinity, NaN]);
});
