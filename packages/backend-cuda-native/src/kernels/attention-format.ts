import type { Attrs, DType } from "@tenon/ir";
import type { Index } from "@tenon/lowering";
import type { AttentionAttrs } from "@tenon/lowering/threads";
import type { Format } from "./fours.ts";
import { likely } from "./likely.ts";
import { formatOf } from "./matrix.ts";

/** A use of attention or of its derivative: queries, keys and values are the first operands of both. */
export interface AttentionUse {
  readonly op: string;
  readonly attrs: Attrs;
  readonly operands: readonly { readonly dtype: DType; readonly sizes: readonly Index[] }[];
}

/** Whether a composite is attention itself, as tensor cores or a library know it. */
export const isAttention = ({ op, version }: { readonly op: string; readonly version: number }): boolean =>
  op === "nn.attention" && version === 1;

/** Of fewer queries or keys scores take little room, and most of a tile's 16 rows would be zeros; of fewer features most of a step would. */
const LEAST_ROWS = 16;
const LEAST_FEATURES = 8;
/** A lane has the sums of as many features, and of a step of them factors, in its registers. */
const MOST_FEATURES = 128;

/**
 * How tensor cores compute a use without its scores being in memory; undefined where they do not: float32 that is not to be rounded
 * and small 16-bit ones are an affair of threads, and with a bias the derivative needs the cotangents of all scores anyway.
 */
export function attentionFormat({ op, attrs, operands: [q, k, v] }: AttentionUse): Format | undefined {
  const { mul, bias } = attrs as unknown as AttentionAttrs;
  const isForward = op === "nn.attention";
  if (!isForward && (op !== "nn.attention_bwd" || bias)) return undefined;
  const { dtype } = q!;
  const format = formatOf({ type: dtype === "float64" ? "float64" : "float32", dtype, mul: mul as "same" });
  if (format === undefined || Math.min(likely(q!.sizes[1]!), likely(k!.sizes[1]!)) < LEAST_ROWS) return undefined;
  const fit = [q!, v!].every(({ sizes: [, , , size] }) => {
    return size!.kind === "constant" && size!.value >= LEAST_FEATURES && size!.value <= MOST_FEATURES;
  });
  return fit ? format : undefined;
}
