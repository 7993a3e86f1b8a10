import type { Node, Tensor } from "@tenon/ir";
import { floorDiv, modIndex } from "./index-division.ts";
import { addIndex, constantIndex, indexOfDim, multiplyIndex, subtractIndex } from "./index-expression.ts";
import type { Index, Predicate } from "./index-node.ts";
import { always, and, atMost, equalIndex, lessThan } from "./index-predicate.ts";
import { dims, everywhere, ints, type Move, type Origin } from "./view-moves.ts";

/** The movement ops whose reads have masks or strides. */
export const moves: Readonly<Record<string, Move>> = {
  reverse: everywhere(({ attrs }, index, { shape }) =>
    index.map((x, i) => (ints(attrs.axes).includes(i) ? subtractIndex(addIndex(indexOfDim(shape[i]!), -1), x) : x)),
  ),
  // y[…, o, …, k] = x[…, stride·o + dilation·k, …]
  windows: everywhere(({ attrs }, index, { rank }) =>
    index.slice(0, rank).map((place, axis) => {
      const i = ints(attrs.axes).indexOf(axis);
      if (i < 0) return place;
      const entry = multiplyIndex(index[rank + i]!, ints(attrs.dilation)[i]!);
      return addIndex(multiplyIndex(place, ints(attrs.stride)[i]!), entry);
    }),
  ),
  pad: padded,
  concat: joined,
};

/**
 * Elements lie `interior + 1` apart from `lo` on; between and around them is the value. With `t = i − lo` an element is at
 * `0 ≤ t ≤ (n − 1)(interior + 1)` where that is a multiple of `interior + 1`.
 */
function padded({ attrs, inputs }: Node, index: readonly Index[]): readonly Origin[] {
  const [operand, value] = inputs as readonly [Tensor, Tensor];
  const conditions: Predicate[] = [];
  const inside = index.map((x, i) => {
    const step = ints(attrs.interior)[i]! + 1;
    const t = subtractIndex(x, indexOfDim(dims(attrs.lo)[i]!));
    const last = multiplyIndex(addIndex(indexOfDim(operand.shape[i]!), -1), step);
    conditions.push(atMost(0, t), atMost(t, last), equalIndex(modIndex(t, step), 0));
    return floorDiv(t, step);
  });
  return [
    { operand, index: inside, mask: and(...conditions) },
    { operand: value, index: [], mask: always },
  ];
}

/** Operand k has the elements from the sum of the sizes before it up to that sum and its own size. */
function joined({ attrs, inputs }: Node, index: readonly Index[]): readonly Origin[] {
  const axis = attrs.axis as number;
  let start = constantIndex(0) as Index;
  return inputs.map((operand) => {
    const end = addIndex(start, indexOfDim(operand.shape[axis]!));
    const own = index.map((x, i) => (i === axis ? subtractIndex(x, start) : x));
    const mask = and(atMost(start, index[axis]!), lessThan(index[axis]!, end));
    start = end;
    return { operand, index: own, mask };
  });
}
