import {
  Draw,
  type Expected,
  expectedResults,
  type Graph,
  graphText,
  problemsOf,
  randomGraph,
  shrink,
} from "@tenon/conformance";
import { evaluateTensors } from "@tenon/interpreter";
import { buildModule, type DType, dtypeNames, type Elements, Fn, lookupOp, TenonError, withTrace } from "@tenon/ir";
import { verify } from "@tenon/ir/verify";
import type { Claims } from "../expand.ts";
import { evaluateProgram } from "../kernel/evaluate-program.test-kit.ts";
import type { StepProgram } from "../kernel/program.ts";
import { loadParts } from "../parts.ts";
import { type LowerOptions, lower } from "./lower.ts";

await loadParts();

/** All that the evaluator knows the meaning of, but for attributes that are sizes with names. */
export const claimsAll: Claims = ({ op, attrs }) =>
  lookupOp(op) !== undefined && !JSON.stringify(attrs).includes('"key"') ? { kernel: "evaluated" } : null;

/** Ways to lower that must all mean the same. */
export const ways: Readonly<Record<string, LowerOptions>> = {
  "fused, with templates": { templates: new Set(["dot", "column sums", "sort", "scatter"]) },
  "fused, by loops alone": {},
  "fused, few buffers": { templates: new Set(["dot"]), maxBuffers: 8, smallBytes: 64 },
  unfused: { fusion: false },
  "claimed, fused": { claims: claimsAll, templates: new Set(["dot"]) },
  "claimed, unfused": { claims: claimsAll, fusion: false },
};

/** Those in which kernels compute. */
export const computed: readonly DType[] = dtypeNames.filter((dtype) => !/int64/.test(dtype));

/** The program of a function. */
export const programOf = (fn: Fn, options: LowerOptions): StepProgram =>
  lower(verify(buildModule({ entries: { main: fn } })), "main", options);

/** What the results of a graph are, and how far a target may be off. */
export const expectedOf = ({ inputs, results, args }: Graph): readonly Expected[] =>
  expectedResults(results, new Map(inputs.map((t, i) => [t, args[i]!])), evaluateTensors, "ieee");

/** Where the lowered function does not give what is expected, or the error. */
export function problemsOfFn(
  fn: Fn,
  args: readonly Elements[],
  expected: readonly Expected[],
  options: LowerOptions,
): readonly string[] {
  try {
    return problemsOf(expected, evaluateProgram(programOf(fn, options), args));
  } catch (error) {
    const unsupported = error instanceof TenonError && error.code === "E511"; // 64-bit integers
    return unsupported ? [] : [error instanceof TenonError ? String(error) : String((error as Error).stack)];
  }
}

/** Problems of a graph in every way in which it is lowered. */
export function problemsInAllWays({ inputs, results, args }: Graph): readonly string[] {
  const expected = expectedOf({ inputs, results, args });
  const fn = new Fn("main", inputs, results);
  return Object.entries(ways).flatMap(([way, options]) =>
    problemsOfFn(fn, args, expected, options).map((problem) => `${way}: ${problem}`),
  );
}

/** Problems of random graphs, each with the smallest graph that has one; every fifth graph is of any dtypes. */
export async function problemsOfRandomGraphs(count: number): Promise<readonly string[]> {
  const found: string[] = [];
  const fails = async (graph: Graph): Promise<boolean> => problemsInAllWays(graph).length > 0;
  for (let seed = 0; seed < count; seed++) {
    // a runtime that is loaded beside would flush what it is told of
    const graph = withTrace(() => randomGraph(new Draw(seed, "lower"), seed % 5 === 4 ? { dtypes: computed } : {}));
    if (!(await fails(graph))) continue;
    const smallest = await shrink(graph, fails, evaluateTensors);
    found.push(`seed ${seed}`, ...problemsInAllWays(smallest), graphText(smallest));
  }
  return found;
}
