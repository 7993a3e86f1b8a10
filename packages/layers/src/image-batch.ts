import {
  currentPath,
  DTypeError,
  isFloat,
  OptionError,
  randomUniform,
  type Tensor,
  type TensorType,
  valueText,
} from "@tenon/tensor";
import { fixedSize } from "./check.ts";
import { checkPlaces } from "./spatial.ts";

/** Height and width of a batch of images, (N, height, width, C). */
export function imageSize(kind: string, x: TensorType): readonly [height: number, width: number] {
  checkPlaces(kind, x, 2);
  return [fixedSize(kind, x, 1), fixedSize(kind, x, 2)];
}

/** Throws unless pixels are floats. */
export function checkFloatPixels(kind: string, x: TensorType): void {
  if (isFloat(x.dtype)) return;
  throw new DTypeError("E201", kind, `the pixels are ${x.dtype} where floats are wanted`, {
    operands: { x },
    at: currentPath(),
    fix: 'convert them first, as in x.cast("float32")',
  });
}

/** How far something goes at random: between two numbers, or from −f to f where there is only one. */
export type Factor = number | readonly [low: number, high: number];

/** Both ends of a factor, each from `lowest` to `highest`. */
export function checkFactor(
  kind: string,
  name: string,
  factor: unknown,
  lowest: number,
  highest: number,
): readonly [low: number, high: number] {
  const [low, high, ...more] = typeof factor === "number" ? [-factor, factor] : Array.isArray(factor) ? factor : [];
  const fits = (end: unknown): boolean => typeof end === "number" && end >= lowest && end <= highest;
  if (fits(low) && fits(high) && low <= high && more.length === 0) return [low, high];
  const range = `from ${lowest} to ${highest}`;
  throw new OptionError(
    "E803",
    kind,
    `${name} is ${valueText(factor)}, which is no number from 0 to ${highest}, and no range`,
    {
      fix: `give one number, such as 0.1, or two ${range}, the smaller first, such as [-0.1, 0.2]`,
    },
  );
}

/** A number from [low, high) for each example, of a shape that broadcasts over tensors of that rank. */
export function drawEach(key: Tensor, x: Tensor, [low, high]: readonly [number, number], rank: number): Tensor {
  const [examples] = x.shape;
  return randomUniform(key, [examples!], { low, high }).reshape([examples!, ...new Array<number>(rank - 1).fill(1)]);
}

/** A whole number from 0 to n − 1 for each example, all being equally likely to within 2⁻²³·n, as float32. */
export const drawWhole = (key: Tensor, x: Tensor, n: number, rank: number): Tensor =>
  drawEach(key, x, [0, 1], rank).mul(n).floor();
