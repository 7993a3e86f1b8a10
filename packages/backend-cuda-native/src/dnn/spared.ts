import type { Item, StepProgram } from "@tenon/lowering";
import { decidedKernels, likelySizes } from "../blas/spared.ts";
import type { Attentions } from "./attention.ts";
import type { MaybeAttention } from "./form.ts";
import { problemOf } from "./problem.ts";

/** The kernels that need not be compiled before they are wanted after all, since a library will likely compute their attention. */
export function sparedAttentions(
  { kernels }: StepProgram,
  items: readonly Item[],
  forms: readonly MaybeAttention[],
  attentions: Attentions | undefined,
): ReadonlySet<number> {
  const decided = new Set(items.flatMap((item) => decidedKernels(item, false)));
  const spared = forms.flatMap((form, i) => {
    if (form === undefined || typeof form === "string" || decided.has(i)) return [];
    const problem = problemOf(form, likelySizes(kernels[i]!));
    return typeof problem !== "string" && attentions?.takes(problem) === true ? [i] : [];
  });
  return new Set(spared);
}
