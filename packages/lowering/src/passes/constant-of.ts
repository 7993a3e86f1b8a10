import { decodeElements, type Tensor } from "@tenon/ir";

/** The number that every element of a constant is, or undefined. */
export function splatValue({ op, attrs }: Tensor): number | undefined {
  return op.name === "constant" && typeof attrs.value === "number" ? attrs.value : undefined;
}

/** Whether a tensor is a constant with just this number in every element; 0 and −0 differ. */
export const isSplat = (x: Tensor, value: number): boolean => Object.is(splatValue(x), value);

/** The elements of a constant that lists them, or undefined. */
export const denseValues = ({ attrs, dtype }: Tensor): Float64Array | undefined =>
  attrs.value instanceof Uint8Array ? decodeElements(dtype, attrs.value) : undefined;
