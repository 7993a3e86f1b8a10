import { type DType, dtypes, integerRange, type Node, type Precision, type Tensor } from "@tenon/ir";
import { indexOfDim } from "../index-expression.ts";
import type { Index } from "../index-node.ts";
import type { Combine, Value, ValueType } from "../kernel/kernel.ts";
import { valueTypeOf } from "../kernel/value-type.ts";
import type { KernelWriter } from "../kernel/writer.ts";
import { rare } from "../parts.ts";
import { wrapped } from "./convert.ts";
import type { Emitter } from "./emitter.ts";

/** A result whose elements are each gathered from many, by loops. */
export interface Reduction {
  readonly combine: Combine;
  /** In which type it is gathered. */
  readonly type: ValueType;
  /** Extents of the loops. */
  readonly sizes: readonly Index[];
  /** What one iteration adds to the element at `index`. */
  term(emitter: Emitter, index: readonly Index[], inner: readonly Index[]): Value;
  /** The element, from what has been gathered. */
  result(writer: KernelWriter, gathered: Value): Value;
}

const combines: Readonly<Record<string, Combine>> = {
  sum: "add",
  prod: "mul",
  max: "maximum",
  min: "minimum",
  and: "and",
  or: "or",
};

type Axes = readonly number[];
type Pairs = readonly [Axes, Axes];

const as = (writer: KernelWriter, value: Value, type: ValueType): Value => writer.alu("convert", [value], type);

/** A factor in the type of the sum, rounded first as `mul` says. */
export const factor = (writer: KernelWriter, value: Value, { acc, mul }: Node["attrs"]): Value =>
  as(
    writer,
    mul === "same" ? value : rare.now.roundedFactor(writer, value, mul as Precision),
    valueTypeOf(acc as DType),
  );

/** An element of `dtype` from a value of the type in which it was gathered. */
const narrowed = (writer: KernelWriter, value: Value, dtype: DType): Value =>
  wrapped(writer, dtype, as(writer, value, valueTypeOf(dtype)));

const reductions: Readonly<Record<string, (node: Node) => Reduction>> = {
  reduce({ inputs, attrs }) {
    const x = inputs[0]!;
    const axes = attrs.axes as Axes;
    const combine = combines[attrs.op as string]!;
    const type = valueTypeOf(attrs.acc as DType);
    const sizes = axes.map((axis) => indexOfDim(x.shape[axis]!));
    return {
      combine,
      type,
      sizes,
      term(emitter, index, inner) {
        let row = 0;
        const at = x.shape.map((_, axis) => (axes.includes(axis) ? inner[axes.indexOf(axis)]! : index[row++]!));
        return as(emitter.writer, emitter.value(x, emitter.place(at)), type);
      },
      result(writer, gathered) {
        const extreme = combine === "maximum" || combine === "minimum";
        if (!extreme) return narrowed(writer, gathered, x.dtype);
        const { kind, byteLength } = dtypes[x.dtype];
        if (kind === "float" || byteLength > 2 || sizes.every((size) => size.low > 0))
          return as(writer, gathered, valueTypeOf(x.dtype));
        // nothing at all gives a limit of the dtype
        const limit = integerRange(x.dtype)[combine === "maximum" ? 0 : 1];
        return writer.alu(combine, [gathered, writer.constant(type, limit)]);
      },
    };
  },
  dot({ inputs, attrs }) {
    const [a, b] = inputs as readonly [Tensor, Tensor];
    const type = valueTypeOf(attrs.acc as DType);
    const contract = attrs.contract as unknown as Pairs;
    return {
      combine: "add",
      type,
      sizes: contract[0].map((axis) => indexOfDim(a.shape[axis]!)),
      term(emitter, index, inner) {
        const factors = factorIndices({ inputs, attrs }, index, inner);
        const [x, y] = [a, b].map((t, side) =>
          factor(emitter.writer, emitter.value(t, emitter.place(factors[side]!)), attrs),
        );
        return emitter.writer.alu("mul", [x!, y!]);
      },
      result: (writer, gathered) => narrowed(writer, gathered, a.dtype),
    };
  },
  fold: (node) => rare.now.foldReduction(node),
};

/** Axes of the operands of a product that are neither contracted nor batch axes, in their order. */
export function freeAxes({ inputs, attrs }: Pick<Node, "inputs" | "attrs">): readonly [number[], number[]] {
  const { contract, batch } = attrs as unknown as Record<"contract" | "batch", Pairs>;
  const [a, b] = inputs.map((x, side) =>
    x.shape.flatMap((_, i) => (contract[side]!.includes(i) || batch[side]!.includes(i) ? [] : [i])),
  );
  return [a!, b!];
}

/** Where the factors of one term of a product are read: batch + free(a) + free(b) and contracted axes. */
export function factorIndices(
  node: Pick<Node, "inputs" | "attrs">,
  index: readonly Index[],
  inner: readonly Index[],
): readonly [readonly Index[], readonly Index[]] {
  const { contract, batch } = node.attrs as unknown as Record<"contract" | "batch", Pairs>;
  const free = freeAxes(node);
  const shared = batch[0].length;
  const [a, b] = node.inputs.map(({ shape }, side) =>
    shape.map((_, axis) => {
      const [c, n] = [contract[side]!.indexOf(axis), batch[side]!.indexOf(axis)];
      if (c >= 0) return inner[c]!;
      return n >= 0 ? index[n]! : index[shared + side * free[0].length + free[side]!.indexOf(axis)]!;
    }),
  );
  return [a!, b!];
}

export const isReduction = (node: Node): boolean =>
  node.op.kind === "structural" && Object.hasOwn(reductions, node.op.name);

export const reductionOf = (node: Node): Reduction => reductions[node.op.name]!(node);
