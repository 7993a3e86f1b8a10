import { type DType, isFloat, type Tensor } from "@tenon/ir";
import { constantIndex, indexOfDim } from "../index-expression.ts";
import type { Index, Predicate } from "../index-node.ts";
import { and, atMost, lessThan } from "../index-predicate.ts";
import type { Value } from "../kernel/kernel.ts";
import { valueTypeOf } from "../kernel/value-type.ts";
import type { KernelWriter } from "../kernel/writer.ts";
import { rare } from "../parts.ts";
import { convertValue } from "./convert.ts";
import type { Emitter, Place, Steps } from "./emitter.ts";
import { knownIndex } from "./scalar.ts";

/** How the element of a tensor comes from its operands' elements. */
export type ElementRule = (emitter: Emitter, tensor: Tensor, place: Place) => Steps;

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
  dynamic_slice: (...demand) => rare.now.dynamicSlice(...demand),
  dynamic_update: (...demand) => rare.now.dynamicUpdate(...demand),
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
    // an axis of one element is no axis of the loops that compute it
    return { at: size === constantIndex(1) ? constantIndex(0) : known, holds, inside: writer.test(holds) };
  }
  const above = writer.alu("ge", [entry, writer.constant("int32", 0)], "bool");
  const below = writer.alu("lt", [entry, writer.index(size)], "bool");
  return { at: writer.clamped(entry, size), holds: lessThan(0, size), inside: writer.alu("and", [above, below]) };
}
