import { type Dim, dimAdd, dimAtMost, dimFloorDiv, dimMax, dimMul, dimSub } from "../dim.ts";
import { OptionError } from "../errors.ts";
import { applyOp } from "../op.ts";
import { valueText } from "../prose.ts";
import type { OpRecord } from "../record.ts";
import { fail } from "../rule.ts";
import { type Shape, sizeOf, type TensorType } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { reshape } from "./reshape.ts";

/** One whole number for all spatial axes, or one for each. */
export type PerAxis = number | readonly number[];

/**
 * What stands around an operand before windows slide over it: nothing; as much as makes the result `⌈n / stride⌉` long,
 * the odd one at the end, as in Keras; or so many on both sides, or before and after, of each axis.
 */
export type Padding = "valid" | "same" | number | readonly (number | readonly [lo: number, hi: number])[];

/** How many places are added before and after each spatial axis. */
export interface Widths {
  readonly lo: Shape;
  readonly hi: Shape;
}

/** The number of spatial axes of (N, *n, C), which is 1 to 3. For rules, and for functions inside of `checked`. */
export function spatialAxes(x: TensorType, signature: string): number {
  const rank = x.shape.length;
  if (rank >= 3 && rank <= 5) return rank - 2;
  const fix = rank < 3 ? "reshape x: examples first, then 1 to 3 spatial axes, channels last" : undefined;
  return fail("E206", `x has rank ${rank}, which is not 3, 4 or 5, in ${signature}`, fix);
}

/** An option as one number for each of `axes` axes. */
export function perAxis(op: string, name: string, value: PerAxis, axes: number, min = 1): readonly number[] {
  const list = typeof value === "number" ? Array.from({ length: axes }, () => value) : value;
  const whole = Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && n >= min);
  if (whole && list.length === axes) return list;
  const counted = whole ? `has ${list.length} numbers, where the number of spatial axes is ${axes}` : undefined;
  throw new OptionError("E803", op, `${name} ${counted ?? `is ${valueText(value)}`}`, {
    fix: `give a whole number from ${min}, or a list of ${axes}`,
  });
}

/** The places of `padding` around axes of `sizes`, for windows that reach over `reach` places, `stride` from each other. */
export function widthsOf(
  op: string,
  padding: Padding,
  sizes: Shape,
  reach: readonly number[],
  stride: readonly number[],
): Widths {
  if (padding === "valid" || padding === "same") {
    const total = sizes.map((n, i) => (padding === "same" ? missing(n, reach[i]!, stride[i]!) : 0));
    const lo = total.map((width) => dimFloorDiv(width, 2));
    return { lo, hi: total.map((width, i) => dimSub(width, lo[i]!)) };
  }
  const list = Array.isArray(padding) ? padding : sizes.map(() => padding);
  const sides = list.map((side) => (Array.isArray(side) ? side : [side, side]));
  const whole = sides.every((side) => side.length === 2 && side.every((n) => Number.isSafeInteger(n) && n >= 0));
  if (whole && sides.length === sizes.length) return { lo: sides.map(([l]) => l), hi: sides.map(([, h]) => h) };
  const counted = whole ? `has ${list.length} entries, where the number of spatial axes is ${sizes.length}` : undefined;
  throw new OptionError("E803", op, `padding ${counted ?? `is ${valueText(padding)}`}`, {
    fix: `give "valid", "same", a whole number from 0, or a list of ${sizes.length} numbers or pairs`,
  });
}

/** How much an axis lacks for `⌈n / stride⌉` windows. */
function missing(n: Dim, reach: number, stride: number): Dim {
  if (stride === 1) return reach - 1;
  const last = dimMul(dimSub(dimFloorDiv(dimAdd(n, stride - 1), stride), 1), stride);
  return dimMax(dimSub(dimAdd(last, reach), n), 0);
}

/** Refuses attributes that are not one per spatial axis, and widths that may be negative. */
export function checkWindows(axes: number, { lo, hi }: Widths, lists: Readonly<Record<string, Shape>>): void {
  for (const [name, list] of Object.entries({ ...lists, lo, hi })) {
    if (list.length !== axes)
      fail("E206", `${name} has ${list.length} entries, where the number of spatial axes is ${axes}`);
  }
  for (const width of [...lo, ...hi]) {
    if (!dimAtMost(0, width))
      fail("E210", `the width ${width} may be negative`, `give the symbols ranges from which 0 <= ${width} follows`);
  }
}

/** How many windows that reach over `reach` places fit a padded axis of `size`; `what` slides over it. */
export function placesOf(what: "kernel" | "window", axis: number, size: Dim, reach: number, stride: number): Dim {
  if (dimAtMost(reach, size)) return dimAdd(dimFloorDiv(dimSub(size, reach), stride), 1);
  const known = typeof size === "number";
  return fail(
    "E210",
    `the ${what} reaches over ${reach} places, ${known ? "but" : "and"} axis ${axis} of x with its padding ${known ? "has" : "may have fewer:"} ${size}`,
    known
      ? `use padding: "same", a smaller ${what}, or larger examples`
      : `use padding: "same", or give the symbols ranges from which ${reach} <= ${size} follows`,
  );
}

/** Over how many places a window of `size` entries reaches that are `dilation` apart. */
export const reachOf = (size: number, dilation: number): number => dilation * (size - 1) + 1;

/** A list for every axis of (N, *n, C): that of the spatial axes, with `rest` for the others. */
export const everyAxis = <T>(list: readonly T[], rest: T): T[] => [rest, ...list, rest];

/** The batching of an op that treats every example of (N, *n, C) alike: the examples of many calls as those of one. */
export function examplesTogether(op: OpRecord, x: Tensor, attrs: object): readonly Tensor[] {
  const [size, examples, ...rest] = x.shape;
  const results = applyOp(op, [reshape(x, [sizeOf([size!, examples!]), ...rest])], attrs);
  return results.map((y) => reshape(y, [size!, examples!, ...y.shape.slice(1)]));
}
