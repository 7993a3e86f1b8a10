import { expect, test } from "vitest";
import { allOps, lookupOp, opRecord, reduceOp } from "./index.ts";
import { meaningOf } from "./meanings.ts";

test("every structural op has a meaning but the opaque one, and of the composites random bits", () => {
  const without = allOps().filter((op) => op.kind === "structural" && meaningOf(op) === undefined);
  expect(without.map(({ name }) => name)).toEqual(["opaque"]);
  const named = allOps().filter((op) => op.kind === "composite" && meaningOf(op) !== undefined);
  expect(named.map(({ name }) => name)).toEqual(["rng.bits"]); // of which the interpreter is the truth
});

test("a meaning gives a list for each result", () => {
  const data = Float64Array.of(1, 2, 3, 4);
  const x = { dtype: "float32", shape: [2, 2], data } as const;
  const attrs = { op: "sum", axes: [1], acc: "float32" };
  const call = () => [];
  expect(meaningOf(reduceOp)!([x], attrs, [{ dtype: "float32", shape: [2] }], call)).toEqual([Float64Array.of(3, 7)]);
  const sorted = meaningOf(lookupOp("sort")!)!([x], { axis: 0, descending: true }, [x], call);
  expect(sorted).toEqual([Float64Array.of(3, 4, 1, 2)]);
});

test("an op of another package brings its meaning in its record", () => {
  const twice = opRecord({
    name: "test.twice",
    version: 1,
    numeric: "exact",
    inputs: ["x"],
    shape: ([x]) => x.shape,
    run: ([x]) => x.data.map((value) => 2 * value),
  });
  const x = { dtype: "float32", shape: [2], data: Float64Array.of(1, 2) } as const;
  expect(meaningOf(twice)!([x], {}, [x], () => [])).toEqual([Float64Array.of(2, 4)]);
});
