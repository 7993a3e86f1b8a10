import type { DType, Node, Precision, Tensor } from "@tenon/ir";
import type { Group } from "../fuse/group.ts";
import { maximum } from "../index-choice.ts";
import { floorDiv, modIndex } from "../index-division.ts";
import { constantIndex, constantOf, indexAxis, indexOfDim, indexVariable, multiplyIndex } from "../index-expression.ts";
import type { Index, IndexVariable } from "../index-node.ts";
import { always } from "../index-predicate.ts";
import type { Affine, ColumnSum, DotKernel, DotOperand, Value } from "../kernel/kernel.ts";
import { valueTypeOf } from "../kernel/value-type.ts";
import { KernelWriter } from "../kernel/writer.ts";
import { rare } from "../parts.ts";
import { viewOf } from "../view.ts";
import { Emitter, type Memory } from "./emitter.ts";
import { factor, factorIndices, freeAxes, reductionOf } from "./reduction.ts";
import { linearIn, stridedRead } from "./strided.ts";

type Body<K> = Omit<K, "name" | "slots" | "scalars">;

/** Axes taken as one, in row-major order. */
export interface Flat {
  readonly variable: IndexVariable;
  readonly size: Index;
  /** The axes, from the variable. */
  readonly index: readonly Index[];
}

/** A product for a target's template: how its factors are read, and what is done with each sum. */
export function emitDot(group: Group, writer: KernelWriter, memory: Memory): Body<DotKernel> {
  const anchor = group.nodes[0]!;
  const { inputs, attrs } = anchor;
  const product = anchor.outputs[0]!;
  const mul = attrs.mul as Precision;
  const { contract, batch: shared } = attrs as unknown as Record<"contract" | "batch", readonly (readonly number[])[]>;
  const [freeA, freeB] = freeAxes(anchor);
  const [a, b] = inputs as readonly [Tensor, Tensor];
  const flat = (name: string, { shape }: Tensor, axes: readonly number[]): Flat =>
    flattened(
      name,
      axes.map((axis) => indexOfDim(shape[axis]!)),
    );
  const batch = flat("batch", a, shared[0]!);
  const row = flat("row", a, freeA);
  const column = flat("column", b, freeB);
  const order = contractionOrder(anchor, memory);
  const k = flat(
    "k",
    a,
    order.map((n) => contract[0]![n]!),
  );
  const type = valueTypeOf(attrs.acc as DType) as DotKernel["type"];
  const index = [...batch.index, ...row.index, ...column.index];
  const inner = order.map((_, n) => k.index[order.indexOf(n)]!);
  const factors = factorIndices(anchor, index, inner);
  const [left, right] = inputs.map((x, side): DotOperand => {
    const line = side === 0 ? row : column;
    const operand = (settings: Node["attrs"]): DotOperand => {
      const own = new KernelWriter();
      const emitter = new Emitter(own, memory);
      const value = factor(own, emitter.value(x, emitter.place(factors[side]!)), settings);
      return { block: own.block(value), lies: affine(value, batch, line, k) };
    };
    return mul === "same" ? operand(attrs) : { ...operand(attrs), unrounded: operand({ ...attrs, mul: "same" }) };
  });
  const emitter = new Emitter(writer, memory);
  const given = writer.given(type);
  emitter.place(index).values.set(product, reductionOf(anchor).result(writer, given));
  const rows = group.axes.get(anchor)!;
  const variables = group.rows.map((_, n) => index[rows.indexOf(n)]!);
  const columnSums: ColumnSum[] = [];
  for (const t of group.outputs) {
    if (t.shape.includes(0)) continue;
    const at = group.axes.get(t.node)!.map((n) => (n < 0 ? constantIndex(0) : variables[n]!));
    if (t === product || !isColumnSum(t.node)) emitter.store(t, at);
    else columnSums.push(columnSum(t, at, group, variables, emitter));
  }
  return {
    kind: "dot",
    batch: batch.variable,
    row: row.variable,
    column: column.variable,
    k: k.variable,
    sizes: { batch: batch.size, rows: row.size, columns: column.size, k: k.size },
    type,
    dtype: a.dtype,
    mul,
    a: left!,
    b: right!,
    epilogue: writer.statements,
    product: given,
    columnSums,
  };
}

/** The contracted axes in an order in which the second factor's elements lie one after the other in memory, where there is one. */
function contractionOrder({ inputs, attrs }: Node, memory: Memory): readonly number[] {
  const b = inputs[1]!;
  const axes = (attrs.contract as unknown as readonly (readonly number[])[])[1]!;
  const { source, strides } = stridedRead(b);
  const steps = axes.map((axis) => constantOf(strides[axis]!));
  const given = axes.map((_, n) => n);
  const order = given.toSorted((m, n) => steps[n]! - steps[m]!);
  const follows = (n: number, i: number): boolean =>
    i === 0 || steps[order[i - 1]!] === steps[n]! * constantOf(indexOfDim(b.shape[axes[n]!]!));
  return memory.holds(source) && order.every(follows) ? order : given;
}

const isColumnSum = ({ op }: Node): boolean => op.name === "reduce";

/** One variable for several axes, which quotients and remainders give back. */
export function flattened(name: string, sizes: readonly Index[]): Flat {
  const one = constantIndex(1);
  const size = multiplyIndex(one, ...sizes);
  const flat = indexAxis(name, size);
  const index: Index[] = [];
  const first = sizes.findIndex((s) => s !== one);
  let behind: Index = one;
  for (let i = sizes.length - 1; i >= 0; i--) {
    if (sizes[i] === one) {
      index[i] = constantIndex(0);
      continue;
    }
    const extent = maximum(sizes[i]!, 1);
    const quotient = floorDiv(flat, behind);
    index[i] = i === first ? quotient : modIndex(quotient, extent);
    behind = multiplyIndex(behind, extent);
  }
  // an axis of one element has no variable of its own; this one stands in no expression
  return { variable: (flat.kind === "variable" ? flat : indexVariable(name, 0, 1)) as IndexVariable, size, index };
}

/** How the elements of a factor lie, where they are loaded as they are and at constant distances. */
function affine(value: Value, batch: Flat, line: Flat, k: Flat): Affine | undefined {
  if (value.kind !== "load" || value.mask !== always) return undefined;
  const lies = linearIn(value.address, [batch.variable, line.variable, k.variable]);
  if (lies === undefined) return undefined;
  const [s, t, u] = lies.strides as [Index, Index, Index];
  return { slot: value.slot, start: lies.start, strides: { batch: s, line: t, k: u } };
}

/** A sum of what the epilogue computes, over all rows of the product. */
function columnSum(
  tensor: Tensor,
  at: readonly Index[],
  group: Group,
  variables: readonly Index[],
  emitter: Emitter,
): ColumnSum {
  const x = tensor.inputs[0]!;
  const axes = tensor.attrs.axes as readonly number[];
  // which rows the summed axes are is known of what they lead to in the group
  const summed = axes.map((axis, n) => indexAxis(`s${n}`, indexOfDim(x.shape[axis]!)));
  const found = new Map<Index, Index>();
  let kept = 0;
  const index = x.shape.map((_, axis) => (axes.includes(axis) ? summed[axes.indexOf(axis)]! : at[kept++]!));
  for (const read of viewOf(x, index).reads) {
    group.axes.get(read.source.node)?.forEach((row, axis) => {
      if (row >= 0) found.set(read.index[axis]!, variables[row]!);
    });
  }
  if (!summed.every((s) => s.kind !== "variable" || found.has(s))) throw rare.now.failures.columnSum(tensor);
  const value = emitter.value(x, emitter.place(index.map((i) => (summed.includes(i) ? (found.get(i) ?? i) : i))));
  return { value, slot: emitter.slot(tensor, "write"), address: emitter.address(tensor, at) };
}
