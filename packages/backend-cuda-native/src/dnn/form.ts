import type { DType } from "@tenon/ir";
import type { ClaimedKernel, Kernel, Strided } from "@tenon/lowering";
import type { AttentionAttrs } from "@tenon/lowering/threads";
import { isAttention } from "../kernels/attention-format.ts";

/** Where an array lies: in a slot of the kernel by number, in elements. */
export interface Lying extends Pick<Strided, "start" | "sizes" | "strides"> {
  readonly slot: number;
}

/** An attention that the library may compute, with sizes and steps that a launch gives. */
export interface AttentionForm {
  readonly dtype: DType;
  readonly scale: number;
  readonly causal: boolean;
  /** (b, t, h, d), (b, s, k, d), (b, s, k, e), (b, t, h, e). */
  readonly q: Lying;
  readonly k: Lying;
  readonly v: Lying;
  readonly y: Lying;
  /** (b, h, t), where somebody wants it. */
  readonly lse: Lying | undefined;
}

/** What the library may compute of a kernel, or why it is left to one of our own; undefined for what is no attention. */
export type MaybeAttention = AttentionForm | string | undefined;

/** The attention of a kernel whose operands and results lie in memory as they are, and that has no mask and no bias. */
export function attentionOf(kernel: Kernel): MaybeAttention {
  if (kernel.kind !== "claimed" || !isAttention(kernel)) return undefined;
  const { scale, causal, mask, bias } = kernel.attrs as unknown as AttentionAttrs;
  const [q, k, v] = kernel.inputs as readonly [Strided, Strided, Strided];
  const [y, lse] = kernel.results as readonly [ClaimedKernel["results"][0], ClaimedKernel["results"][0]];
  const { dtype } = y;
  if (dtype !== "float16" && dtype !== "bfloat16") return `for its type, ${dtype}`;
  if (mask || bias) return `for its ${mask ? "mask" : "bias"}`;
  const wanted = lse.epilogue.length > 0;
  const stored = (result: ClaimedKernel["results"][0]): boolean => result.lies?.slot.dtype === result.dtype;
  if (!stored(y) || (wanted && !stored(lse))) return "for what is computed with its result";
  if ([q, k, v].some(({ slot }) => slot.dtype !== dtype)) return "for how its operands lie";
  const lying = ({ slot, start, sizes, strides }: Strided): Lying => ({
    ...{ slot: kernel.slots.indexOf(slot), start, sizes, strides },
  });
  return {
    ...{ dtype, scale, causal, q: lying(q), k: lying(k), v: lying(v), y: lying(y.lies!) },
    lse: wanted ? lying(lse.lies!) : undefined,
  };
}
