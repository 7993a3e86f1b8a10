import { dtypes, type Node, sizeOf, type Tensor } from "@tenon/ir";
import { isMove } from "../view-moves.ts";
import type { Readers } from "./epilogue.ts";

/** How many buffers tensors lie in, where those of up to `smallBytes` share one. */
export function countBuffers(tensors: readonly Tensor[], smallBytes: number): number {
  const small = tensors.filter((t) => isSmall(t, smallBytes)).length;
  return tensors.length - small + Math.min(small, 1);
}

function isSmall({ dtype, shape }: Tensor, smallBytes: number): boolean {
  const elements = sizeOf(shape);
  return typeof elements === "number" && elements * dtypes[dtype].byteLength <= smallBytes;
}

/** Whether any node but these will read the tensor, be it where something has moved it to. */
export function isReadBeside(
  tensor: Tensor,
  nodes: ReadonlySet<Node>,
  readers: Readers,
  needed: ReadonlySet<Tensor>,
): boolean {
  return (readers.get(tensor) ?? []).some((node) =>
    isMove(node)
      ? node.outputs.some((t) => needed.has(t) || isReadBeside(t, nodes, readers, needed))
      : !nodes.has(node),
  );
}
