import { type Dim, dimMul, dimRange, dimSubstitute, MAX_ELEMENTS, sameDim } from "./dim.ts";
import { parseDim } from "./dim-text.ts";
import { checkDType, type DType } from "./dtype.ts";
import { ShapeError } from "./errors.ts";

export type Shape = readonly Dim[];
/** Largest rank of a tensor. */
export const MAX_RANK = 8;

/** What a tensor is, without its values. */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** The type of an argument. Sizes are integers, or names and expressions over names: `spec(["B", 784])`. */
export function spec(shape: readonly (Dim | string)[], dtype: DType = "float32"): TensorType {
  checkDType("spec", dtype);
  return {
    dtype,
    shape: checkShape(
      "spec",
      shape.map((d) => (typeof d === "string" ? parseDim(d) : d)),
    ),
  };
}

/** Throws unless every size is a whole number or expression, the rank is at most 8 and the element count may fit. */
export function checkShape(op: string, shape: Shape): Shape {
  if (!Array.isArray(shape)) throw new ShapeError("E206", op, `a shape is a list of sizes, not ${String(shape)}`);
  if (shape.length > MAX_RANK) {
    throw new ShapeError("E206", op, `rank ${shape.length} is above ${MAX_RANK}`, {
      operands: { shape: `[${shape.join(", ")}]` },
    });
  }
  let least = 1;
  for (const d of shape) {
    const low = dimRange(d)[0];
    if (typeof d === "number" ? !Number.isSafeInteger(d) || d < 0 : dimRange(d)[1] < 0) {
      throw new ShapeError("E206", op, `${d} is no size`, {
        operands: { shape: `[${shape.map(String).join(", ")}]` },
        fix: "sizes are whole numbers from 0",
      });
    }
    least *= Math.max(low, 0);
  }
  if (least > MAX_ELEMENTS) {
    throw new ShapeError("E207", op, `${least} elements are more than ${MAX_ELEMENTS}`, {
      operands: { shape: `[${shape.map(String).join(", ")}]` },
    });
  }
  return shape;
}

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((d, i) => sameDim(d, b[i]!));
export const sameType = (a: TensorType, b: TensorType): boolean => a.dtype === b.dtype && sameShape(a.shape, b.shape);

/** The number of elements. */
export const sizeOf = (shape: Shape): Dim => shape.reduce(dimMul, 1);

export const shapeText = (shape: Shape): string => `[${shape.map(String).join(", ")}]`;
export const typeText = ({ dtype, shape }: TensorType): string => `${dtype} ${shapeText(shape)}`;

/** The shape that all of `shapes` broadcast to, as in NumPy, or undefined. A symbolic size meets itself or 1. */
export function broadcastShapes(...shapes: readonly Shape[]): Shape | undefined {
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  const result: Dim[] = new Array(rank).fill(1);
  for (const shape of shapes) {
    for (let i = 0; i < shape.length; i++) {
      const at = rank - shape.length + i;
      const d = shape[i]!;
      if (sameDim(d, 1)) continue;
      if (result[at] !== 1 && !sameDim(result[at]!, d)) return undefined;
      result[at] = d;
    }
  }
  return result;
}

/** The type with sizes in place of symbols. */
export function substituteType(type: TensorType, values: ReadonlyMap<string, Dim>): TensorType {
  return { dtype: type.dtype, shape: type.shape.map((d) => dimSubstitute(d, values)) };
}
