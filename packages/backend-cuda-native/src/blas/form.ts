import type { DType, Precision } from "@tenon/ir";
import { constantIndex, type DotKernel, type DotOperand, type Index, linearIn, type Slot } from "@tenon/lowering";
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
  const { slots, batch, row, column, sizes, type } = kernel;
  const epilogue = epilogueOf(kernel);
  if (epilogue === undefined || type === "int32" || type === "uint32") return undefined;
  const at = (slot: Slot, address: Index): Placed | undefined => {
    const lies = linearIn(address, [batch, row, column]);
    if (lies === undefined) return undefined;
    const [b, r, c] = lies.strides as [Index, Index, Index];
    return { slot: slots.indexOf(slot), dtype: slot.dtype, start: lies.start, batch: b, line: r, other: c };
  };
  const [a, b] = [kernel.a, kernel.b].map((operand) => operandOf(operand, slots)) as [Placed?, Placed?];
  const { store, alpha, activation } = epilogue;
  const result = at(store.slot, store.address);
  const addends = epilogue.addends.map(({ slot, address }) => at(slot, address));
  if (a === undefined || b === undefined || result === undefined || addends.includes(undefined)) return undefined;
  const biases = (addends as Placed[]).filter(isBias);
  const others = (addends as Placed[]).filter((x) => !isBias(x));
  if (biases.length > 1 || others.length > 1 || [...biases, ...others].some((x) => x.dtype !== result.dtype))
    return undefined;
  if (!dtypesFit(type, a.dtype, b.dtype, result.dtype)) return undefined;
  const { mul } = kernel;
  return { sizes, mul, a, b, result, alpha, bias: biases[0], addend: others[0], activation };
}

/** The same for all rows, or for all columns. */
const isBias = ({ batch, line, other }: Placed): boolean => batch === zero && (line === zero) !== (other === zero);

function operandOf(operand: DotOperand, slots: readonly Slot[]): Placed | undefined {
  const { lies } = operand.unrounded ?? operand;
  if (lies === undefined) return undefined;
  const { slot, start, strides } = lies;
  return {
    ...{ slot: slots.indexOf(slot), dtype: slot.dtype, start },
    ...{ batch: strides.batch, line: strides.line, other: strides.k },
  };
}

/** Whether a library multiplies the dtypes in the type of the sum. */
function dtypesFit(type: DotKernel["type"], a: DType, b: DType, result: DType): boolean {
  if (a !== b) return false;
  if (type === "float64") return a === "float64" && result === "float64";
  if (a === "float32") return result === "float32";
  return (a === "float16" || a === "bfloat16") && (result === a || result === "float32");
}
