import type { DTypeUsage } from "@tenon/backend";
import { type DType, dtypeNames, Fn } from "@tenon/ir";
import { runOn, Unsupported } from "./bench.ts";
import { type Check, drawOf, dtypesOf, type Kit, valuesOf } from "./check.ts";
import { expectedResults, problemsOf } from "./judge.ts";
import { randomGraph } from "./random-graph.ts";
import { graphText, shrink } from "./shrink.ts";
import type { Graph } from "./vector-cases.ts";

const COUNTS = { quick: 60, full: 2000 } as const;

/** Item 10: random graphs that the verifier accepts run, and give what the reference gives. */
export function* randomGraphs(kit: Kit): Generator<Check> {
  const wide = arithmetic(kit);
  for (let index = 0; index < COUNTS[kit.profile]; index++) {
    const name = `seed ${kit.seed}, graph ${index}`;
    const options = index % 5 === 4 ? { dtypes: wide } : {};
    const graph = randomGraph(drawOf(kit, `graph ${index}`), options);
    yield { op: "random graph", dtype: dtypesOf(graph.args), case: name, run: () => examined(kit, graph) };
  }
}

/** The dtypes in which the backend computes; float64 holds no 64-bit integer exactly. */
function arithmetic({ backend }: Kit): readonly DType[] {
  const needed: readonly DTypeUsage[] = ["store", "convert", "arith", "dot"];
  return dtypeNames
    .filter((dtype) => !/64/.test(dtype) || dtype === "float64")
    .filter((dtype) => needed.every((usage) => backend.caps.dtypes[dtype]?.includes(usage)));
}

async function examined(kit: Kit, graph: Graph): Promise<readonly string[]> {
  const problems = await problemsWith(kit, graph);
  if (problems.length === 0) return [];
  const smallest = await shrink(graph, async (smaller) => (await problemsWith(kit, smaller)).length > 0, kit.evaluate);
  return [...(await problemsWith(kit, smallest)), graphText(smallest)];
}

/** Wrong values, or the error that was thrown. */
async function problemsWith(
  { backend, evaluate, level }: Kit,
  { inputs, results, args }: Graph,
): Promise<readonly string[]> {
  const expected = expectedResults(results, valuesOf(inputs, args), evaluate, level);
  try {
    return problemsOf(expected, await runOn(backend, new Fn("fn", inputs, results), args));
  } catch (error) {
    if (error instanceof Unsupported) throw error;
    return [String(error)];
  }
}
