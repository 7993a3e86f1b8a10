import { buildModule, cond, Fn, input, scan, type Tensor, whileLoop } from "@tenon/ir";
import { verify } from "@tenon/ir/verify";
import { expect, test } from "vitest";
import type { Item } from "../kernel/program.ts";
import { loadParts } from "../parts.ts";
import { lower } from "./lower.ts";

await loadParts();

const float = (...shape: number[]): Tensor => input({ dtype: "float32", shape });
const itemsOf = (inputs: readonly Tensor[], results: readonly Tensor[]): readonly Item[] =>
  lower(verify(buildModule({ entries: { main: new Fn("main", inputs, results) } })), "main").items;

test("a scan is one loop, whose body stands in the program once", () => {
  const [x, xs] = [float(3), float(50, 3)];
  const { carry, ys } = scan(([h], [y]) => [[h!.mul(0.5).add(y!)], [h!.sum()]], [x], [xs]);
  const items = itemsOf([x, xs], [...carry, ...ys]);
  const loops = items.filter((item) => item.kind === "loop");
  expect(items.map(({ kind }) => kind)).toEqual(["copy", "loop"]);
  expect(loops[0]!.body.filter(({ kind }) => kind === "launch").length).toBeLessThan(4);
});

test("a choice is a branch of the program, and what a branch computes stands in it alone", () => {
  const [i, x] = [input({ dtype: "int32", shape: [] }), float(4)];
  const [y] = cond(i, [() => [x.exp()], () => [x.sum({ keepDims: true }).mul(x)], () => [x]]);
  const items = itemsOf([i, x], [y!]);
  expect(items.map(({ kind }) => kind)).toEqual(["branch"]);
  const [branch] = items.filter((item) => item.kind === "branch");
  expect(branch!.branches).toHaveLength(3);
});

test("a bounded while is so many trips, each behind its condition", () => {
  const x = float();
  const [y] = whileLoop(
    ([v]) => v!.less(100),
    ([v]) => [v!.mul(2)],
    [x],
    { maxTrip: 7 },
  );
  const loops = itemsOf([x], [y!]).filter((item) => item.kind === "while");
  expect(loops.map(({ most }) => most)).toEqual([7]);
  expect(loops[0]!.condition.length).toBeGreaterThan(0);
});
