import { evaluateTensors } from "@tenon/interpreter";
import { topologicalOrder } from "@tenon/ir";
import { expect, test } from "vitest";
import { Draw } from "./draw.ts";
import { randomGraph } from "./random-graph.ts";
import { graphText, shrink } from "./shrink.ts";
import { type Graph, graphOf } from "./vector-cases.ts";

const has = (graph: Graph, first: string, then: string): boolean =>
  topologicalOrder(graph.results).some(({ op, inputs }) => op.name === then && inputs.some((x) => x.op.name === first));

test("a failure is shrunk to the ops that show it, in the text form", async () => {
  const inputs = [
    { dtype: "float32", shape: [2, 3], data: Float64Array.of(1, 2, 3, 4, 5, 6) },
    { dtype: "float32", shape: [3], data: Float64Array.of(0.5, 1, 2) },
  ] as const;
  const graph = graphOf(inputs, ([x, y]) => {
    const h = x!.mul(y!).tanh().add(1);
    const scores = h
      .sub(h.max({ axis: 1, keepDims: true }))
      .exp()
      .transpose();
    return [scores.sum({ axis: 0 }), scores.abs().add(2).log()];
  });
  const smallest = await shrink(graph, async (g) => has(g, "sub", "exp"), evaluateTensors);
  expect(graphText(smallest)).toMatchInlineSnapshot(`
    "ir 1.0
    opset core@1
    fn @main(%0: f32[2,3], %1: f32[2,3]) -> (f32[2,3]) {
      %2 = sub %1, %0 : f32[2,3]
      %3 = exp %2 : f32[2,3]
      return %3
    }
    entry main = @main
    // input 0, float32 [2, 3]: 1.9999877214431763, 1.9999877214431763, 1.9999877214431763, 2, 2, 2
    // input 1, float32 [2, 3]: 1.4621171951293945, 1.9640275239944458, 1.9999877214431763, 1.9640275239944458, 1.9999091625213623, 2"
  `);
});

test("random graphs shrink to the op that fails", async () => {
  const fails = ({ results }: Graph): boolean => topologicalOrder(results).some(({ op }) => op.name === "reduce");
  const found = Array.from({ length: 60 }, (_, seed) => randomGraph(new Draw(seed, "shrunk"))).filter(fails);
  expect(found.length).toBeGreaterThan(10);
  for (const graph of found) {
    const smallest = await shrink(graph, async (g) => fails(g), evaluateTensors);
    expect(topologicalOrder(smallest.results).filter(({ op }) => op.kind !== "leaf")).toHaveLength(1);
  }
});
