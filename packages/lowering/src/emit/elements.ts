import { type DType, isFloat, type Tensor } from "@tenon/ir";
import { maximum, minimum } from "../index-choice.ts";
import { addIndex, constantIndex, indexOfDim, subtractIndex } from "../index-expression.ts";
import type { Index, Predicate } from "../index-node.ts";
import { and, atMost, lessThan } from "../index-predicate.ts";
import type { Value } from "../kernel/kernel.ts";
import { valueTypeOf } from "../kernel/value-type.ts";
import type { KernelWriter } from "../kernel/writer.ts";
import { convertValue } from "./convert.ts";
import type { Emitter, Place, Steps } from "./emitter.ts";
import { knownIndex } from "./scalar.ts";

/** How the element of a tensor comes from its operands' elements. */
type ElementRule = (emitter: Emitter, tensor: Tensor, place: Place) => Steps;

/** The structural ops whose elements each come from few others, at indices of their own. */
export const elementRules: Readonly<Record<string, ElementRule>> = {
  // biome-ignore lint/correctness/useYield: it needs no other value
  *constant(emitter, tensor, place) {
    const { value } = tensor.attrs;
    if (typeof value !== "number") return emitter.load(tensor, place);
    return emitter.writer.constant(valueTypeOf(tensor.dtype), value);
  },
  // biome-ignore lint/correctness/useYield: it needs no other value
  *iota({ writer }, { attrs, dtype }, { index }) {
    return count(writer, index[attrs.axis as number]!, dtype);
  },
  // biome-ignore lint/correctness/useYield: it needs no other value
  *dim({ writer }, { attrs, dtype }) {
    return count(writer, indexOfDim(attrs.expr as Parameters<typeof indexOfDim>[0]), dtype);
  },
  *barrier(_emitter, { node, index }, place) {
    return yield [node.inputs[index]!, place];
  },
  gather,
  *dynamic_slice(emitter, { node }, place) {
    const x = node.inputs[0]!;
    const first = yield* starts(emitter, node.inputs.slice(1), x, node.outputs[0]!, place);
    return yield [
      x,
      emitter.place(
        place.index.map((i, axis) => addIndex(i, first[axis]!)),
        place.mask,
      ),
    ];
  },
  *dynamic_update(emitter, { node }, { index, mask }) {
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
  },
};

/** An index as a number of a dtype. */
function count(writer: KernelWriter, index: Index, dtype: DType): Value {
  const value = writer.index(index);
  if (value.kind === "constant" && isFloat(dtype)) return writer.constant(valueTypeOf(dtype), value.value);
  return convertValue(writer, value, "int32", dtype);
}

/** `y[b, p, j, q] = x[b, p, i[b, j], q]`, and 0 where the index is out of range. */
function* gather(emitter: Emitter, { node }: Tensor, { index, mask }: Place): Steps {
  const { writer } = emitter;
  const [x, indices] = node.inputs as readonly [Tensor, Tensor];
  const { axis, batch } = node.attrs as unknown as { readonly axis: number; readonly batch: number };
  const behind = axis + indices.rank - batch;
  const size = indexOfDim(x.shape[axis]!);
  const zero = writer.constant(valueTypeOf(x.dtype), 0);
  if (size === constantIndex(0)) return zero;
  const entry = yield [indices, emitter.place([...index.slice(0, batch), ...index.slice(axis, behind)], mask)];
  const { at, holds, inside } = chosen(writer, entry, size);
  const value = yield [x, emitter.place([...index.slice(0, axis), at, ...index.slice(behind)], and(mask, holds))];
  return writer.alu("select", [inside, value, zero]);
}

/** An entry of an axis that is chosen by number: an index that is inside the axis where `holds` does, and whether the number is. */
export function chosen(
  writer: KernelWriter,
  entry: Value,
  size: Index,
): { readonly at: Index; readonly holds: Predicate; readonly inside: Value } {
  const known = knownIndex(entry);
  if (known !== undefined) {
    const holds = and(atMost(0, known), lessThan(known, size));
    return { at: known, holds, inside: writer.test(holds) };
  }
  const above = writer.alu("ge", [entry, writer.constant("int32", 0)], "bool");
  const below = writer.alu("lt", [entry, writer.index(size)], "bool");
  return { at: writer.clamped(entry, size), holds: lessThan(0, size), inside: writer.alu("and", [above, below]) };
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
