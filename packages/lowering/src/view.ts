import type { Node, Tensor } from "@tenon/ir";
import { indexAxis, indexOfDim } from "./index-expression.ts";
import { substituteIndex } from "./index-fold.ts";
import type { Index, Predicate } from "./index-node.ts";
import { always, and, never } from "./index-predicate.ts";
import { rare } from "./parts.ts";
import { isMove, type Origin, originsOf } from "./view-moves.ts";

/** A tensor read at an index, where a mask holds. */
export interface Read {
  readonly source: Tensor;
  /** One expression per axis of the source. Where the mask holds it is inside the source. */
  readonly index: readonly Index[];
  readonly mask: Predicate;
}

/**
 * Where each element of a tensor is read: the element at an index is that of the first read whose mask holds there. The
 * last read has every element that the others leave; a padding value is a read of a tensor of rank 0. Where there is no
 * element there may be no read.
 */
export interface View {
  readonly index: readonly Index[];
  readonly reads: readonly Read[];
}

export interface ViewOptions {
  /** Nodes whose results are there to be read, movement ops though they are. */
  readonly stop?: (node: Node) => boolean;
  /** Most reads that a view may have; what would give more is read as it is. 8 by default. */
  readonly maxReads?: number;
}

/**
 * How the variables of a read come from those outside. What lies behind a mask is written in variables that have the range
 * of the masked operand, and so is simplified as if the mask held: elsewhere nothing is read.
 */
interface Frame {
  readonly outer: Frame | undefined;
  /** The frame's variables, in those of the frame outside. */
  readonly values: ReadonlyMap<Index, Index>;
  /** In the variables of the frame outside. */
  readonly mask: Predicate;
}

/** A read that may lead on to others; its mask is that of its frames. */
interface Pending {
  readonly source: Tensor;
  readonly index: readonly Index[];
  readonly frame: Frame | undefined;
}

/** How a tensor is read through the movement ops it is made of, at `index`, which is inside its shape. */
export function viewOf(tensor: Tensor, index: readonly Index[], options: ViewOptions = {}): View {
  if (index.length !== tensor.rank) throw rare.now.failures.view(index.length, tensor);
  const { stop, maxReads = 8 } = options;
  let frames = 0;
  const pending: Pending[] = [{ source: tensor, index, frame: undefined }];
  for (let at = 0; at < pending.length; ) {
    const read = pending[at]!;
    const { node } = read.source;
    if (!isMove(node) || stop?.(node) === true) {
      at++;
      continue;
    }
    const origins = possible(originsOf(node, read.index));
    if (pending.length - 1 + origins.length > maxReads) {
      at++;
      continue;
    }
    pending.splice(at, 1, ...origins.map((origin) => inside(read, origin, () => `@${frames++}`)));
  }
  return { index, reads: possible(pending.map(outside)) };
}

/** The axes of a shape as variables `i0, i1, …`, for `viewOf`. */
export const indexAxes = (tensor: Tensor, name = "i"): Index[] =>
  tensor.shape.map((size, axis) => indexAxis(`${name}${axis}`, indexOfDim(size)));

/** Without what has no element, and without what is behind one that has all. */
function possible<T extends { readonly mask: Predicate }>(list: readonly T[]): readonly T[] {
  const some = list.filter((o) => o.mask !== never);
  const all = some.findIndex((o) => o.mask === always);
  return all < 0 ? some : some.slice(0, all + 1);
}

/** The read of what a read's element comes from; behind a mask, in variables of its own. */
function inside(read: Pending, { operand, index, mask }: Origin, name: () => string): Pending {
  if (mask === always) return { source: operand, index, frame: read.frame };
  const own = operand.shape.map((size) => indexAxis(name(), indexOfDim(size)));
  const values = new Map(own.flatMap((x, axis) => (x.kind === "variable" ? [[x, index[axis]!] as const] : [])));
  return { source: operand, index: own, frame: { outer: read.frame, values, mask } };
}

/** The read in the variables of the view. */
function outside({ source, index, frame }: Pending): Read {
  let outer: Read = { source, index, mask: always };
  for (let f = frame; f !== undefined; f = f.outer) {
    const { values, mask } = f;
    outer = {
      source,
      index: outer.index.map((x) => substituteIndex(x, values)),
      mask: and(mask, substituteIndex(outer.mask, values)),
    };
  }
  return outer;
}
