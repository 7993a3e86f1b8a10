import type { ClaimedKernel } from "@tenon/lowering";
import { renderWhole } from "../cuda/loops.ts";
import type { KernelSource } from "../cuda/source.ts";
import { renderAttention } from "./attention.ts";
import { renderAttentionBackward } from "./attention-backward.ts";
import { attentionFormat } from "./attention-format.ts";
import { MATRIX_MAJOR } from "./product.ts";

/** A composite that was kept whole, on a device of that generation: attention by tensor cores where it suits them, or what threads do. */
export function renderClaimed(kernel: ClaimedKernel, major: number): KernelSource {
  const operands = kernel.inputs.map(({ slot: { dtype }, sizes }) => ({ dtype, sizes }));
  const format = major < MATRIX_MAJOR ? undefined : attentionFormat({ ...kernel, operands });
  if (format === undefined) return renderWhole(kernel);
  return kernel.op === "nn.attention" ? renderAttention(kernel, format) : renderAttentionBackward(kernel, format);
}
