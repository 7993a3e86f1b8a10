import type { Work, WorkInstance } from "@tenon/lowering/threads";
import type { CallOperand } from "../blas/multiplications.ts";
import type { KernelSource } from "../cuda/source.ts";
import type { Attentions } from "./attention.ts";
import type { MaybeAttention } from "./form.ts";
import { type AttentionProblem, problemOf, textOf } from "./problem.ts";

/** A call of the library that computes a graph of operations. */
export interface Computation {
  readonly computation: number;
  readonly workspaceBytes: number;
  /** In the order in which the graph was told of them. */
  readonly operands: readonly CallOperand[];
}

export interface Computations {
  /** None where a kernel of our own computes it. */
  readonly calls: readonly Computation[];
  /** Who computes which attention, for people; undefined where there is none. */
  readonly said?: string;
}

/** The calls that stand for a launch of an attention, which the user has until it leaves. What is guarded stays with our kernels, which look whether they are to run. */
export function computationsOf(
  { source, instances, guard, launch }: Work<KernelSource>,
  forms: readonly MaybeAttention[],
  attentions: Attentions | undefined,
  user: object,
): Computations {
  const form = launch === undefined ? undefined : forms[launch.kernel];
  if (form === undefined || attentions === undefined) return { calls: [] };
  const own = (why: string): Computations => ({ calls: [], said: `${source.name}: a kernel of our own, ${why}` });
  if (typeof form === "string") return own(form);
  if (guard !== undefined) return own("in a branch or loop that the device decides");
  const calls: Computation[] = [];
  let text = "";
  for (const instance of instances) {
    const problem = problemOf(form, new Map(source.scalars.map(({ name }, i) => [name, instance.scalars[i]!])));
    if (typeof problem === "string") return own(problem);
    const ready = attentions.ready(problem, user);
    if (typeof ready === "string") return own(ready);
    text = `${textOf(problem)}, ${ready.told}`;
    calls.push({
      computation: ready.number,
      workspaceBytes: ready.workspaceBytes,
      operands: operandsOf(problem, instance),
    });
  }
  return { calls, said: `${source.name}: cuDNN ${attentions.version}, ${text}` };
}

const operandsOf = ({ q, k, v, y, lse }: AttentionProblem, { memories }: WorkInstance): Computation["operands"] =>
  [q, k, v, y, ...(lse === undefined ? [] : [lse])].map(({ slot, offset }) => ({ memory: memories[slot]!, offset }));
