import { isFloat, type Tensor } from "@tenon/ir";
import type { Group } from "../fuse/group.ts";
import { addIndex, indexOfDim } from "../index-expression.ts";
import type { Index } from "../index-node.ts";
import { lessThan } from "../index-predicate.ts";
import type { SortColumn, SortKernel, Value } from "../kernel/kernel.ts";
import { KernelWriter } from "../kernel/writer.ts";
import { bind } from "./convert.ts";
import { flattened } from "./dot.ts";
import { Emitter, type Memory } from "./emitter.ts";

/** A sort for a target's template. The sorted key is among what it writes, wanted or not. */
export function emitSort(group: Group, memory: Memory): Omit<SortKernel, "name" | "slots" | "scalars"> {
  const { inputs, outputs, attrs } = group.nodes[0]!;
  const { axis, descending } = attrs as unknown as { readonly axis: number; readonly descending: boolean };
  const { shape } = inputs[0]!;
  const sizes = shape.map(indexOfDim);
  const lines = flattened("line", sizes.toSpliced(axis, 1));
  const size = sizes[axis]!;
  const place = flattened("place", [size]);
  const index = lines.index.toSpliced(axis, 0, place.index[0]!);
  const wanted = new Set(group.outputs);
  const columns: SortColumn[] = [];
  inputs.forEach((x, n) => {
    const result = outputs[n]!;
    if (n > 0 && !wanted.has(result)) return;
    const own = new KernelWriter();
    const emitter = new Emitter(own, memory);
    const block = own.block(emitter.value(x, emitter.place(index)));
    const address = emitter.address(result, index);
    columns.push({ block, slot: emitter.slot(result, "write"), address });
  });
  return {
    kind: "sort",
    line: lines.variable,
    place: place.variable,
    lines: lines.size,
    size,
    descending,
    columns,
  };
}

/**
 * A sort by loops: each entry's place is the number of entries that come before it, those that are less and, of equal ones, those
 * that stood before. n² comparisons for lines of n.
 */
export function emitRanking(group: Group, emitter: Emitter): void {
  const { writer } = emitter;
  const { alu } = bind(writer);
  const { inputs, outputs, attrs } = group.nodes[0]!;
  const { axis, descending } = attrs as unknown as { readonly axis: number; readonly descending: boolean };
  const key = inputs[0]!;
  const sizes = key.shape.map(indexOfDim);
  const index = sizes.map((size) => writer.axis("i", size));
  const at = (x: Tensor, entry: Index): Value => emitter.value(x, emitter.place(index.with(axis, entry)));
  writer.loops(index, sizes, "parallel", () => {
    const size = sizes[axis]!;
    const [own, other] = [index[axis]!, writer.axis("j", size)];
    const rank = writer.register("int32", "add");
    writer.loop(other, size, "reduce", () => {
      const [x, y] = [at(key, own), at(key, other)];
      const before = precedes(writer, key, y, x, descending);
      const after = precedes(writer, key, x, y, descending);
      const tie = alu("and", [writer.test(lessThan(other, own)), alu("not", [after])]);
      writer.update(rank, alu("convert", [alu("or", [before, tie])], "int32"));
    });
    const place = writer.bound(writer.read(rank), 0, addIndex(size, -1));
    inputs.forEach((x, n) => {
      const result = outputs[n]!;
      if (!group.outputs.includes(result)) return;
      const address = emitter.address(result, index.with(axis, place));
      writer.store(emitter.slot(result, "write"), address, at(x, own));
    });
  });
}

/** Whether x stands before y for its value; NaN stands behind everything else. */
function precedes(writer: KernelWriter, { dtype }: Tensor, x: Value, y: Value, descending: boolean): Value {
  const { alu } = bind(writer);
  const [a, b] = x.type === "bool" ? [alu("convert", [x], "int32"), alu("convert", [y], "int32")] : [x, y];
  const first = alu(descending ? "gt" : "lt", [a, b], "bool");
  if (!isFloat(dtype)) return first;
  return alu("or", [first, alu("and", [alu("not", [isNaN(writer, x)]), isNaN(writer, y)])]);
}

const INFINITY = 0x7f800000; // the bits of float32 above which the NaNs are

/** By bits, since a shader compiler may take it that there is no NaN; float64, which no such compiler has, is compared. */
function isNaN(writer: KernelWriter, x: Value): Value {
  const { alu } = bind(writer);
  if (x.type === "float64") return alu("ne", [x, x], "bool");
  const size = alu("and", [alu("bitcast", [x], "uint32"), writer.constant("uint32", 0x7fffffff)]);
  return alu("gt", [size, writer.constant("uint32", INFINITY)], "bool");
}
