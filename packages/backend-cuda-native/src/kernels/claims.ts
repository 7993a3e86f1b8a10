import { type Claims, indexOfDim } from "@tenon/lowering";
import { type ConvAttrs, likelyCount, partsFor, threadClaims } from "@tenon/lowering/threads";
import { attentionFormat } from "./attention-format.ts";
import { MATRIX_MAJOR } from "./product.ts";

type Site = Parameters<Claims>[0];

/**
 * Which composites are kept whole on a device of that generation: those that have kernels for threads, but for correlations that are one
 * product of what lies in memory, and for those of 16-bit floats, which tensor cores multiply, and of few long sums, whose windows are read
 * by index. These are decomposed, so that whatever computes products computes them. Attention that tensor cores compute has a kernel of its own.
 */
export const claimsOn =
  (major: number): Claims =>
  (site) => {
    if (major >= MATRIX_MAJOR && attentionFormat(attentionUse(site)) !== undefined) return { kernel: "attention" };
    return site.op === "nn.conv" && (isProduct(site) || isShort(site) || isLong(site)) ? null : threadClaims(site);
  };

const attentionUse = ({ op, attrs, operands }: Site) => ({
  ...{ op, attrs },
  operands: operands.map(({ dtype, shape }) => ({ dtype, sizes: shape.map(indexOfDim) })),
});

/** Groups of few channels are better off with threads. */
const isShort = ({ operands: [x], attrs }: Site): boolean =>
  (x!.dtype === "float16" || x!.dtype === "bfloat16") && (attrs as unknown as ConvAttrs).groups === 1;

/** Whether the product will be one of parts, as gradients for a kernel are: a thread would have each of its few sums for itself. */
function isLong({ operands: [, w], results: [y], attrs }: Site): boolean {
  if ((attrs as unknown as ConvAttrs).groups > 1 || y!.shape.some((size) => typeof size !== "number")) return false;
  return partsFor(likelyCount(y!.shape), likelyCount(w!.shape.slice(0, -1))) >= 2;
}

/**
 * Whether each window is one place, or there is one window, of all places: the former is a correlation that mixes channels, the latter
 * its gradient for the kernel.
 */
function isProduct({ operands: [x, w], attrs }: Site): boolean {
  const { stride, lo, hi, lhsDilation, rhsDilation, groups } = attrs as unknown as ConvAttrs;
  const same = (list: readonly unknown[], value: number): boolean => list.every((n) => n === value);
  if (groups !== 1 || !same([...lo, ...hi], 0) || !same([...lhsDilation, ...rhsDilation], 1)) return false;
  const kernel = w!.shape.slice(0, -2);
  return (same(kernel, 1) && same(stride, 1)) || kernel.every((size, i) => size === x!.shape[i + 1]);
}
