import { allOps, buildModule, Fn, topologicalOrder } from "@tenon/ir";
import { printModule } from "@tenon/ir/text";
import { verifyModule } from "@tenon/ir/verify";
import { expect, test } from "vitest";
import { Draw } from "./draw.ts";
import { randomGraph } from "./random-graph.ts";

const graphs = Array.from({ length: 400 }, (_, seed) => randomGraph(new Draw(seed)));

test("random graphs are verified modules of 1 op and more", () => {
  for (const { inputs, results } of graphs) {
    expect(verifyModule(buildModule({ entries: { main: new Fn("main", inputs, results) } }))).toEqual([]);
  }
});

test("they use every primitive but those that give bits of floats, symbolic sizes or a target's own ops", () => {
  const used = new Set(graphs.flatMap(({ results }) => topologicalOrder(results).map(({ op }) => op.name)));
  const primitives = allOps().filter(({ kind }) => kind === "scalar" || kind === "structural");
  expect(primitives.flatMap(({ name }) => (used.has(name) ? [] : [name]))).toEqual(["bitcast", "dim", "opaque"]);
});

test("the same draw gives the same graph", () => {
  const text = (): string => {
    const { inputs, results } = randomGraph(new Draw(7, "again"));
    return printModule(buildModule({ entries: { main: new Fn("main", inputs, results) } }));
  };
  expect(text()).toBe(text());
});
