import { type Expected, expectedResults, type Graph, problemsOf } from "@tenon/conformance";
import { evaluateTensors } from "@tenon/interpreter";
import { buildModule, type Elements, Fn, TenonError, type Tensor, verify } from "@tenon/ir";
import { evaluateProgram } from "../kernel/evaluate-program.test-kit.ts";
import type { StepProgram } from "../kernel/program.ts";
import { type LowerOptions, lower } from "./lower.ts";

/** Ways to lower that must all mean the same. */
export const ways: Readonly<Record<string, LowerOptions>> = {
  "fused, with templates": { templates: new Set(["dot", "sort", "scatter"]) },
  "fused, by loops alone": {},
  "fused, few buffers": { templates: new Set(["dot"]), maxBuffers: 8 },
  unfused: { fusion: false },
};

/** The program of a function. */
export const programOf = (fn: Fn, options: LowerOptions): StepProgram =>
  lower(verify(buildModule({ entries: { main: fn } })), "main", options);

/** What the results of a graph are, and how far a target may be off. */
export const expectedOf = ({ inputs, results, args }: Graph): readonly Expected[] =>
  expectedResults(results, new Map(inputs.map((t, i) => [t, args[i]!])), evaluateTensors, "ieee");

/** Where the lowered graph does not give what is expected, or the error; nothing where it has dtypes that kernels lack. */
export function problemsWith(
  { inputs, results, args }: Graph,
  expected: readonly Expected[],
  options: LowerOptions,
): readonly string[] {
  return problemsOfFn(new Fn("main", inputs, results), args, expected, options);
}

export function problemsOfFn(
  fn: Fn,
  args: readonly Elements[],
  expected: readonly Expected[],
  options: LowerOptions,
): readonly string[] {
  try {
    return problemsOf(expected, evaluateProgram(programOf(fn, options), args));
  } catch (error) {
    if (error instanceof TenonError && error.code === "E511") return [];
    return [error instanceof TenonError ? String(error) : String((error as Error).stack)];
  }
}

/** Problems of a graph in every way in which it is lowered. */
export function problemsInAllWays(graph: Graph, chosen = ways): readonly string[] {
  const expected = expectedOf(graph);
  return Object.entries(chosen).flatMap(([way, options]) =>
    problemsWith(graph, expected, options).map((problem) => `${way}: ${problem}`),
  );
}

export const graphText = (results: readonly Tensor[]): string => results.map(String).join("\n");
