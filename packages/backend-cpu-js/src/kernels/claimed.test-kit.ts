import { buildModule, Fn, type Tensor } from "@tenon/ir";
import { verify } from "@tenon/ir/verify";
import {
  type ClaimedKernel,
  constantIndex,
  evaluateIndex,
  type Kernel,
  type Launch,
  lower,
  withIndexScope,
} from "@tenon/lowering";
import { expect } from "vitest";
import { evaluateKernel } from "../../../lowering/src/kernel/evaluate.test-kit.ts";
import type { Memory } from "../../../lowering/src/kernel/evaluate-memory.test-kit.ts";
import { importMath } from "../render/index.ts";
import { claimedOp, claims, loadClaimed } from "./claimed.ts";
import { buffer, runTemplate } from "./template.test-kit.ts";

await loadClaimed();

/** What a claimed kernel computes, by the evaluator, which asks the interpreter, and by WebAssembly. */
export interface ClaimedRun {
  readonly kernel: ClaimedKernel;
  readonly expected: readonly (readonly number[])[];
  readonly actual: readonly (readonly number[])[];
}

export interface ClaimedOptions {
  readonly relaxed: boolean;
  /** Values of symbols. */
  readonly dims?: Readonly<Record<string, number>>;
  /** What an operand or another buffer holds at the start; small whole numbers by default. */
  readonly fill?: (dtype: Memory["dtype"], count: number, seed: number) => Memory;
  /** Where the parts of a kernel are divided. */
  readonly cuts?: readonly number[];
}

/** Every kernel of a function that claims a composite, run on buffers of its own. */
export const runClaimed = (
  inputs: readonly Tensor[],
  results: readonly Tensor[],
  options: ClaimedOptions,
): readonly ClaimedRun[] => withIndexScope(() => run(inputs, results, options));

function run(
  inputs: readonly Tensor[],
  results: readonly Tensor[],
  { relaxed, dims = {}, fill = buffer, cuts = [] }: ClaimedOptions,
): readonly ClaimedRun[] {
  const fn = new Fn("main", inputs, results);
  const program = lower(verify(buildModule({ entries: { main: fn } })), "main", {
    claims,
    templates: new Set(["dot"]),
  });
  const values = new Map(Object.entries(dims));
  const isClaimed = (kernel: Kernel): kernel is ClaimedKernel => kernel.kind === "claimed";
  return program.items
    .filter((item): item is Launch => item.kind === "launch")
    .flatMap(({ kernel: number, instances }) => {
      const kernel = program.kernels[number]!;
      if (!isClaimed(kernel)) return [];
      const { buffers, scalars } = instances[0]!;
      const numbers = scalars.map((x) => evaluateIndex(x, values));
      const memories = (): readonly Memory[] =>
        kernel.slots.map(({ dtype, access }, i) => {
          const count = evaluateIndex(program.buffers[buffers[i]!]!.elements, values);
          return access === "read" ? fill(dtype, count, i + 1) : buffer(dtype, count);
        });
      const expected = memories();
      evaluateKernel(kernel, [{ memories: expected, scalars: numbers }]);
      const op = claimedOp(kernel);
      const actual = runTemplate(
        kernel,
        (m) => ({
          ...op.write(m, kernel, { relaxed, math: importMath(m) }),
          scratchBytes: op.scratchBytes?.(kernel, { relaxed }) ?? constantIndex(0),
        }),
        memories(),
        numbers,
        cuts,
      );
      return [{ kernel, expected: expected.map(({ data }) => [...data]), actual }];
    });
}

/** Runs that must agree exactly, as sums of small whole numbers do. */
export function checkExactly(runs: readonly ClaimedRun[], title: unknown): void {
  for (const { kernel, expected, actual } of runs)
    expect(actual, `${JSON.stringify(title)} ${kernel.name} ${JSON.stringify(kernel.attrs)}`).toEqual(expected);
}

/** Runs that agree but for roundings: so far apart at most, against the largest number of each buffer. */
export function checkNearly(runs: readonly ClaimedRun[], title: unknown, most = 1e-5): void {
  for (const { kernel, expected, actual } of runs)
    expected.forEach((list, slot) => {
      const size = list.reduce((max, x) => (Number.isFinite(x) ? Math.max(max, Math.abs(x)) : max), 0);
      const wrong = list.findIndex(
        (x, i) => !(Object.is(x, actual[slot]![i]) || Math.abs(x - actual[slot]![i]!) <= most * size),
      );
      const found = wrong < 0 ? "" : `slot ${slot} at ${wrong} is ${actual[slot]![wrong]} for ${list[wrong]}`;
      expect(found, `${JSON.stringify(title)} ${kernel.name}`).toBe("");
    });
}
