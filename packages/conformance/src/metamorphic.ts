import { barrier, type Elements, Fn, input, isLeaf, type Tensor, topologicalOrder, trace } from "@tenon/ir";
import { allSamples, materialize } from "@tenon/ir/samples";
import { runOn } from "./bench.ts";
import { type Check, drawOf, dtypesOf, type Kit, valuesOf } from "./check.ts";
import { isComposite, reapply, rebuild } from "./expand.ts";
import { type Expected, expectedResults, problemsOf } from "./judge.ts";
import { argumentsOf, batchSymbol, type Program, programs, recorded } from "./programs.ts";
import { randomGraph } from "./random-graph.ts";
import { type Graph, graphOf } from "./vector-cases.ts";

/** Sizes of the batch: one, odd, the one that is compiled for, and one that fills vectors unevenly. */
const batches = [1, 5, 8, 33];
const SPECIAL = 5;

/** Two correct answers may lie on both sides of the exact one. */
const TWO_SIDED = 2;

/** Item 3: programs that mean the same give the same. */
export function* metamorphic(kit: Kit): Generator<Check> {
  yield* decompositions(kit);
  for (const program of programs) {
    const graph = (batch = SPECIAL): Graph =>
      graphOf(argumentsOf(program, batch, kit.seed), (inputs) => recorded(program, inputs));
    const common = { op: program.name, dtype: "float32" };
    yield { ...common, case: "fused and unfused", run: () => fusedAndNot(kit, graph()) };
    yield { ...common, case: "behind a barrier after each stage", run: () => fenced(kit, program) };
    yield { ...common, case: "stage by stage", run: () => staged(kit, program) };
    for (const batch of batches)
      yield { ...common, case: `symbolic, B = ${batch}`, run: () => symbolic(kit, program, batch) };
  }
  const count = kit.profile === "full" ? 500 : 15;
  for (let index = 0; index < count; index++) {
    const graph = randomGraph(drawOf(kit, `metamorphic ${index}`));
    const common = { op: "random graph", dtype: dtypesOf(graph.args) };
    yield { ...common, case: `${index}, fused and unfused`, run: () => fusedAndNot(kit, graph) };
    yield { ...common, case: `${index}, split in two`, run: () => split(kit, graph, index) };
  }
}

function* decompositions(kit: Kit): Generator<Check> {
  for (const sample of allSamples()) {
    const args = materialize(sample);
    const graph = graphOf(args, sample.record);
    const order = topologicalOrder(graph.results);
    if (!order.some(isComposite)) continue;
    yield {
      op: sample.name,
      dtype: dtypesOf(sample.operands),
      case: `sample ${sample.index}, decomposed`,
      async run() {
        const parts = rebuild(
          graph.results,
          (node, inputs) => node.op.decompose?.(inputs, node.attrs) ?? reapply(node, inputs),
        );
        return same(kit, graph, [await runGraph(kit, graph), await runGraph(kit, { ...graph, results: parts })]);
      },
    };
  }
}

const runGraph = (
  { backend }: Kit,
  { inputs, results, args }: Graph,
  fusion: "on" | "off" = "on",
): Promise<readonly Elements[]> => runOn(backend, new Fn("fn", inputs, results), args, { options: { fusion } });

const expectedOf = ({ evaluate, level }: Kit, { inputs, results, args }: Graph): readonly Expected[] =>
  expectedResults(results, valuesOf(inputs, args), evaluate, level);

/** Problems of each answer with the reference, and of the answers with each other. */
function same(
  kit: Kit,
  graph: Graph,
  [one, other]: readonly [readonly Elements[], readonly Elements[]],
): readonly string[] {
  const expected = expectedOf(kit, graph);
  const wrong = problemsOf(expected, other);
  if (wrong.length > 0) return wrong;
  return problemsOf(
    expected.map((e, i) => ({ ...e, data: other[i]!.data })),
    one,
    TWO_SIDED,
  ).map((problem) => `by one way, ${problem} as by the other`);
}

const fusedAndNot = async (kit: Kit, graph: Graph): Promise<readonly string[]> =>
  same(kit, graph, [await runGraph(kit, graph, "on"), await runGraph(kit, graph, "off")]);

async function fenced(kit: Kit, program: Program): Promise<readonly string[]> {
  const args = argumentsOf(program, SPECIAL, kit.seed);
  const stages = program.stages.map(
    (stage): Program["stages"][number] =>
      (xs) =>
        barrier(...stage(xs)),
  );
  const split = graphOf(args, (inputs) => recorded({ ...program, stages }, inputs));
  const whole = graphOf(args, (inputs) => recorded(program, inputs));
  return same(kit, whole, [await runGraph(kit, whole), await runGraph(kit, split)]);
}

async function staged(kit: Kit, program: Program): Promise<readonly string[]> {
  const whole = graphOf(argumentsOf(program, SPECIAL, kit.seed), (inputs) => recorded(program, inputs));
  let values: readonly Elements[] = whole.args;
  for (const stage of program.stages) values = await runGraph(kit, graphOf(values, stage));
  return same(kit, whole, [await runGraph(kit, whole), values]);
}

/** One module for every size, one that knows a frequent size, and the one of just this size. */
async function symbolic(kit: Kit, program: Program, batch: number): Promise<readonly string[]> {
  const args = argumentsOf(program, batch, kit.seed);
  const { fn } = trace((...inputs) => recorded(program, inputs), program.inputs(batchSymbol()));
  const fixed = graphOf(args, (inputs) => recorded(program, inputs));
  const any = await runOn(kit.backend, fn, args);
  const special = await runOn(kit.backend, fn, args, { options: { specialize: { B: SPECIAL } } });
  const alone = await runGraph(kit, fixed);
  return [...same(kit, fixed, [any, alone]), ...same(kit, fixed, [special, alone])];
}

/** The graph as two modules, cut where about half of its nodes have been computed. */
async function split(kit: Kit, graph: Graph, index: number): Promise<readonly string[]> {
  const nodes = topologicalOrder(graph.results).filter((node) => !isLeaf(node));
  const early = new Set(nodes.slice(0, drawOf(kit, `cut ${index}`).integer(0, nodes.length)));
  const needed = [...nodes.filter((node) => !early.has(node)).flatMap((node) => node.inputs), ...graph.results];
  const cut = [...new Set(needed)].filter((t) => early.has(t.node));
  const middle = cut.map((t) => input(t));
  const replaced = new Map<Tensor, Tensor>(cut.map((t, i) => [t, middle[i]!]));
  const later = rebuild(graph.results, (node, inputs) =>
    early.has(node) ? node.outputs.map((t) => replaced.get(t) ?? t) : reapply(node, inputs),
  );
  const values = await runGraph(kit, { ...graph, results: cut });
  const rest = { inputs: [...graph.inputs, ...middle], results: later, args: [...graph.args, ...values] };
  return same(kit, graph, [await runGraph(kit, graph), await runGraph(kit, rest)]);
}
