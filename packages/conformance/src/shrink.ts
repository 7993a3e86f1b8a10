import {
  buildModule,
  type ConcreteType,
  Fn,
  input,
  isLeaf,
  type Node,
  roundToDType,
  sameType,
  topologicalOrder,
} from "@tenon/ir";
import { printModule } from "@tenon/ir/text";
import { ENTRY } from "./bench.ts";
import { reapply, rebuild } from "./expand.ts";
import type { Evaluate } from "./sample-runner.ts";
import type { Graph } from "./vector-cases.ts";

/** Whether a graph still shows the failure. */
export type Fails = (graph: Graph) => Promise<boolean>;

/**
 * A failing graph from which nothing can be taken: one result where one is enough, values given as inputs where the ops
 * that computed them do not matter, operands in the place of ops that do not matter.
 */
export async function shrink(graph: Graph, fails: Fails, evaluate: Evaluate): Promise<Graph> {
  let smallest = graph;
  for (let before = -1; before !== weightOf(smallest); ) {
    before = weightOf(smallest);
    for (const smaller of [singleResult, earlierResults, givenValues, bypassed, droppedInputs]) {
      for (;;) {
        const found = await firstFailing(smaller(smallest, evaluate), smallest, fails);
        if (found === undefined) break;
        smallest = found;
      }
    }
  }
  return smallest;
}

const nodesOf = ({ results }: Graph): Node[] => topologicalOrder(results).filter((node) => !isLeaf(node));

/** Ops first, then inputs and results. */
const weightOf = (graph: Graph): number => 1000 * nodesOf(graph).length + graph.inputs.length + graph.results.length;

async function firstFailing(candidates: Iterable<Graph>, than: Graph, fails: Fails): Promise<Graph | undefined> {
  const weight = weightOf(than);
  for (const candidate of candidates) {
    if (weightOf(candidate) < weight && (await fails(candidate))) return candidate;
  }
  return undefined;
}

function* singleResult(graph: Graph): Generator<Graph> {
  if (graph.results.length > 1) for (const y of graph.results) yield trimmed({ ...graph, results: [y] });
}

/** The first value that is wrong is wrong without what follows. */
function* earlierResults(graph: Graph): Generator<Graph> {
  for (const node of nodesOf(graph)) for (const y of node.outputs) yield trimmed({ ...graph, results: [y] });
}

/** The reference's value of an op in the place of the op. */
function* givenValues(graph: Graph, evaluate: Evaluate): Generator<Graph> {
  for (const node of nodesOf(graph).reverse()) {
    if (node.outputs.some((y) => graph.results.includes(y))) continue;
    const values = evaluate(node.outputs, new Map(graph.inputs.map((t, i) => [t, graph.args[i]!]))).map(
      ({ dtype, shape, data }) => ({ dtype, shape, data: data.map((x) => roundToDType(dtype, x)) }),
    );
    const given = node.outputs.map((t) => input(t));
    const results = rebuild(graph.results, (other, inputs) => (other === node ? given : reapply(other, inputs)));
    yield trimmed({ inputs: [...graph.inputs, ...given], results, args: [...graph.args, ...values] });
  }
}

/** An operand of the same type in the place of the op's result. */
function* bypassed(graph: Graph): Generator<Graph> {
  for (const node of nodesOf(graph)) {
    if (node.outputs.length !== 1) continue;
    for (const [i, x] of node.inputs.entries()) {
      if (!sameType(x, node.outputs[0]!)) continue;
      const results = rebuild(graph.results, (other, inputs) =>
        other === node ? [inputs[i]!] : reapply(other, inputs),
      );
      if (results.every((y) => !isLeaf(y.node))) yield trimmed({ ...graph, results });
    }
  }
}

function* droppedInputs(graph: Graph): Generator<Graph> {
  yield trimmed(graph);
}

/** The graph without inputs that nothing uses. */
function trimmed({ inputs, results, args }: Graph): Graph {
  const used = new Set(topologicalOrder(results).map((node) => node));
  const kept = inputs.map((t) => used.has(t.node));
  return { inputs: inputs.filter((_, i) => kept[i]), results, args: args.filter((_, i) => kept[i]) };
}

/** Elements of an input that are printed. */
const SHOWN = 24;

/** The graph in the text form, and its inputs' elements. */
export function graphText({ inputs, results, args }: Graph): string {
  const module = buildModule({ entries: { [ENTRY]: new Fn(ENTRY, inputs, results) } });
  const lines = args.map(({ data, ...type }, i) => `// input ${i}, ${typeWords(type)}: ${elementsText(data)}`);
  return [printModule(module).trimEnd(), ...lines].join("\n");
}

const typeWords = ({ dtype, shape }: ConcreteType): string => `${dtype} [${shape.join(", ")}]`;

const elementsText = (data: Float64Array): string =>
  data.length <= SHOWN ? [...data].join(", ") : `${[...data.subarray(0, SHOWN)].join(", ")}, … (${data.length})`;
