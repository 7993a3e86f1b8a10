import type { Tensor } from "@tenon/ir";
import { maximum, minimum } from "../index-choice.ts";
import { addIndex, constantIndex, indexOfDim, subtractIndex } from "../index-expression.ts";
import type { Index } from "../index-node.ts";
import { and, atMost, lessThan } from "../index-predicate.ts";
import type { Value } from "../kernel/kernel.ts";
import type { Emitter, Place, Steps } from "./emitter.ts";
import { knownIndex } from "./scalar.ts";

/** A block of x that begins where numbers say. */
export function* dynamicSlice(emitter: Emitter, { node }: Tensor, place: Place): Steps {
  const x = node.inputs[0]!;
  const first = yield* starts(emitter, node.inputs.slice(1), x, node.outputs[0]!, place);
  return yield [
    x,
    emitter.place(
      place.index.map((i, axis) => addIndex(i, first[axis]!)),
      place.mask,
    ),
  ];
}

/** x with a block in place of what lies where numbers say. */
export function* dynamicUpdate(emitter: Emitter, { node }: Tensor, { index, mask }: Place): Steps {
  const [x, u, ...rest] = node.inputs as readonly [Tensor, Tensor, ...Tensor[]];
  const first = yield* starts(emitter, rest, x, u, emitter.place([], mask));
  const within = index.map((i, axis) => subtractIndex(i, first[axis]!));
  const inside = and(...within.flatMap((i, axis) => [atMost(0, i), lessThan(i, indexOfDim(u.shape[axis]!))]));
  const { writer } = emitter;
  const condition = writer.test(inside);
  const updated =
    condition.kind === "constant" && condition.value === 0
      ? undefined
      : yield [u, emitter.place(within, and(mask, inside))];
  if (updated !== undefined && condition.kind === "constant") return updated;
  const kept = yield [x, emitter.place(index, mask)];
  return updated === undefined ? kept : writer.alu("select", [condition, updated, kept]);
}

/** Where a block of the shape of `block` begins in `x`: each start is clamped so that the block lies inside. */
function* starts(
  emitter: Emitter,
  list: readonly Tensor[],
  x: Tensor,
  block: Tensor,
  { mask }: Place,
): Generator<readonly [Tensor, Place], readonly Index[], Value> {
  const first: Index[] = [];
  for (const [axis, start] of list.entries()) {
    const last = subtractIndex(indexOfDim(x.shape[axis]!), indexOfDim(block.shape[axis]!));
    if (last === constantIndex(0)) {
      first.push(last);
      continue;
    }
    const value = yield [start, emitter.place([], mask)];
    const known = knownIndex(value);
    first.push(
      known === undefined ? emitter.writer.clamped(value, addIndex(last, 1)) : maximum(0, minimum(known, last)),
    );
  }
  return first;
}
