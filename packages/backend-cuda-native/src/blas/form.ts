import type { DType, Precision } from "@tenon/ir";
import {
  always,
  constantIndex,
  type DotKernel,
  type DotOperand,
  type Index,
  linearIn,
  type Slot,
} from "@tenon/lowering";
import { axesOf, type ProductAxes, splitAxesOf } from "./axes.ts";
import { type Activation, epilogueOf } from "./epilogue.ts";

/** Where elements lie: that of (batch, line, other) in a slot at `start` and steps from there, in elements. */
export interface Placed {
  /** Of the kernel's slots. */
  readonly slot: number;
  readonly dtype: DType;
  readonly start: Index;
  readonly batch: Index;
  readonly line: Index;
  /** Along k for operands, along columns for what has the result's shape. */
  readonly other: Index;
}

/** A product that a library may compute, with sizes and steps that a launch gives. */
export interface ProductForm {
  readonly sizes: DotKernel["sizes"];
  /** Rows of the kernel: those here, or those of all matrices of the batch. */
  readonly lines: Index;
  readonly mul: Precision;
  readonly a: Placed;
  readonly b: Placed;
  readonly result: Placed;
  readonly alpha: number;
  readonly bias: Placed | undefined;
  /** Which is added, and has a number for each of the result. */
  readonly addend: Placed | undefined;
  readonly activation: Activation;
}

const zero = constantIndex(0);

/** The form of a kernel whose operands and results lie in memory evenly, and whose epilogue a library has; undefined for others. */
export function formOf(kernel: DotKernel): ProductForm | undefined {
  const even = formIn(kernel, axesOf(kernel));
  if (even !== undefined) return even;
  const split = splitAxesOf(kernel);
  return split && formIn(kernel, split);
}

function formIn(kernel: DotKernel, axes: ProductAxes): ProductForm | undefined {
  const { slots, type } = kernel;
  const { batch, row, column, k, sizes } = axes;
  const epilogue = epilogueOf(kernel);
  if (epilogue === undefined || type === "int32" || type === "uint32") return undefined;
  const placed = (slot: Slot, address: Index, line: Index, other: Index): Placed | undefined => {
    const lies = linearIn(axes.at(address), [batch, line, other]);
    if (lies === undefined) return undefined;
    const [b, l, o] = lies.strides as [Index, Index, Index];
    return { slot: slots.indexOf(slot), dtype: slot.dtype, start: lies.start, batch: b, line: l, other: o };
  };
  const operand = ({ block, unrounded }: DotOperand, line: Index): Placed | undefined => {
    const { value } = unrounded?.block ?? block;
    if (value.kind !== "load" || value.mask !== always) return undefined;
    return placed(value.slot, value.address, line, k);
  };
  const [a, b] = [operand(kernel.a, row), operand(kernel.b, column)];
  const { store, alpha, activation } = epilogue;
  const result = placed(store.slot, store.address, row, column);
  const addends = epilogue.addends.map(({ slot, address }) => placed(slot, address, row, column));
  if (a === undefined || b === undefined || result === undefined || addends.includes(undefined)) return undefined;
  const biases = (addends as Placed[]).filter(isBias);
  const others = (addends as Placed[]).filter((x) => !isBias(x));
  if (biases.length > 1 || others.length > 1 || [...biases, ...others].some((x) => x.dtype !== result.dtype))
    return undefined;
  if (!dtypesFit(type, a.dtype, b.dtype, result.dtype)) return undefined;
  const { mul } = kernel;
  return { sizes, lines: kernel.sizes.rows, mul, a, b, result, alpha, bias: biases[0], addend: others[0], activation };
}

/** The same for all rows, or for all columns. */
const isBias = ({ batch, line, other }: Placed): boolean => batch === zero && (line === zero) !== (other === zero);

/** Whether a library multiplies the dtypes in the type of the sum. */
function dtypesFit(type: DotKernel["type"], a: DType, b: DType, result: DType): boolean {
  if (a !== b) return false;
  if (type === "float64") return a === "float64" && result === "float64";
  if (a === "float32") return result === "float32";
  return (a === "float16" || a === "bfloat16") && (result === a || result === "float32");
}
