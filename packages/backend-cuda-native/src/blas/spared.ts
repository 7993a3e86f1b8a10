import { bodiesOf, type Item, type Kernel, type StepProgram } from "@tenon/lowering";
import type { MaybeForm } from "./multiplications.ts";
import { problemOf } from "./problem.ts";
import type { Products } from "./products.ts";

/** What a size that is not known yet is taken for. */
const LIKELY = 128;

/**
 * The kernels that need not be compiled before they are wanted after all, since a library will compute their products, as far as can be
 * said while sizes are not known.
 */
export function sparedKernels(
  { kernels }: StepProgram,
  items: readonly Item[],
  forms: readonly MaybeForm[],
  products: Products | undefined,
): ReadonlySet<number> {
  const spared = new Set<number>();
  if (products === undefined) return spared;
  const decided = new Set(items.flatMap((item) => decidedKernels(item, false)));
  for (const [i, form] of forms.entries()) {
    if (form === undefined || form === null || decided.has(i)) continue;
    const problem = problemOf(form, likelySizes(kernels[i]!));
    if (problem !== undefined && products.takes(problem)) spared.add(i);
  }
  return spared;
}

/** What is taken for the sizes of a kernel that are not known. */
export const likelySizes = ({ scalars }: Kernel): ReadonlyMap<string, number> =>
  new Map(scalars.map(({ name, low, high }) => [name, Math.max(low, Math.min(high, LIKELY))]));

/** The kernels that run only where the device decides so. */
export function decidedKernels(item: Item, decided: boolean): readonly number[] {
  if (item.kind === "launch") return decided ? [item.kernel] : [];
  const inside = decided || item.kind === "branch" || item.kind === "while";
  return bodiesOf(item).flatMap((body) => body.flatMap((each) => decidedKernels(each, inside)));
}
