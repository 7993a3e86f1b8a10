import { accumulator, applyOp, convertTo, type Node, type Tensor } from "@tenon/ir";

/**
 * A scatter that adds 16-bit floats, done in float32: it adds one update after another to what lies in memory, and sums of such
 * floats are rounded once.
 */
export function wideScatter({ op, inputs, attrs }: Node): readonly Tensor[] | undefined {
  if (op.name !== "scatter" || attrs.mode !== "add" || attrs.unique === true) return undefined;
  const [x, indices, updates] = inputs as readonly [Tensor, Tensor, Tensor];
  const wide = accumulator(x.dtype);
  if (wide === x.dtype) return undefined;
  const [sum] = applyOp(op, [convertTo(x, wide), indices, convertTo(updates, wide)], attrs);
  return [convertTo(sum!, x.dtype)];
}
