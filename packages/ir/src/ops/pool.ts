import { dims, ints } from "../attrs.ts";
import { dimAdd, dimMul, dimSub } from "../dim.ts";
import { checkOptions } from "../errors.ts";
import { applyOp } from "../op.ts";
import { broadcastShape, checkTensor } from "../promote.ts";
import { accepts, checked, classWords, fail, failDType } from "../rule.ts";
import type { Shape, TensorType } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { rem } from "./arithmetic.ts";
import { iota } from "./constant.ts";
import { broadcastOp } from "./move.ts";
import { pad } from "./pad.ts";
import { sum } from "./reduce.ts";
import { reshape } from "./reshape.ts";
import { slice } from "./slice.ts";
import {
  checkWindows,
  everyAxis,
  type Padding,
  type PerAxis,
  perAxis,
  placesOf,
  spatialAxes,
  type Widths,
  widthsOf,
} from "./spatial.ts";
import { windows } from "./windows.ts";

const signature = "(N,*n,C)->(N,*o,C)";

/** Windows of `size` places, `stride` from each other, over axes that have `lo` more places before them and `hi` after. */
export interface PoolAttrs extends Widths {
  readonly size: readonly number[];
  readonly stride: readonly number[];
}

export const poolSchema = () => ({
  size: ints({ min: 1 }),
  stride: ints({ min: 1 }),
  lo: dims(),
  hi: dims(),
});

/** The shape of what is pooled. A window must hold a place that is no padding. */
export function pooledShape(x: TensorType, wanted: "float" | "number", { size, stride, lo, hi }: PoolAttrs): Shape {
  if (!accepts(wanted, x.dtype)) failDType(`x is ${x.dtype} where ${classWords[wanted]} is wanted`);
  const axes = spatialAxes(x, signature);
  checkWindows(axes, { lo, hi }, { size, stride });
  const places = lo.map((l, i) => {
    const n = x.shape[i + 1]!;
    const widest = [l, hi[i]!].find((width) => typeof width === "number" && width >= size[i]!);
    if (widest !== undefined || n === 0) {
      const problem = n === 0 ? `axis ${i + 1} of x has size 0` : `${widest} places of padding on axis ${i + 1}`;
      fail("E210", `${problem}, so that a window of ${size[i]} holds padding alone`, "pad by less than a window");
    }
    return placesOf("window", i + 1, dimAdd(dimAdd(l, n), hi[i]!), size[i]!, stride[i]!);
  });
  return [x.shape[0]!, ...places, x.shape.at(-1)!];
}

/** The axes of a window, behind those of its place. */
export const windowAxes = ({ size }: PoolAttrs): number[] => size.map((_, i) => size.length + 2 + i);

/** Every window of the padded operand. (N, *n, C) → (N, *o, C, *size) */
export function poolWindows(x: Tensor, { size, stride, lo, hi }: PoolAttrs, value: number): Tensor {
  const padded = pad(x, { lo: everyAxis(lo, 0), hi: everyAxis(hi, 0), value });
  return windows(padded, { axes: size.map((_, i) => i + 1), size, stride });
}

/** Whether every element is in one window at most. */
const isTiled = ({ size, stride }: PoolAttrs): boolean => size.every((s, i) => s === stride[i]);

/**
 * For each element of (N, *n, C) what the windows that hold it have in `t`; `fill` stands for windows that do not exist.
 * (N, *o, C) → (N, *n, C, *size), where the last entry is the window that begins with the element, and the first the one
 * that ends with it; or (N, *n, C), where no two windows hold an element.
 *
 * `t` is moved and nothing else, so that what is made of it is computed where the element is: a fused kernel for gradients.
 */
export function holding(t: Tensor, shape: Shape, attrs: PoolAttrs, fill: number): Tensor {
  const { size, stride, lo, hi } = attrs;
  const places = shape.slice(1, -1);
  if (!isTiled(attrs)) {
    const last = t.shape.slice(1, -1).map((o, i) => dimMul(dimSub(o, 1), stride[i]!));
    const around = pad(t, {
      lo: everyAxis(
        lo.map((l, i) => dimSub(size[i]! - 1, l)),
        0,
      ),
      hi: everyAxis(
        places.map((n, i) => dimSub(dimAdd(n, lo[i]!), dimAdd(last[i]!, 1))),
        0,
      ),
      interior: everyAxis(
        stride.map((s) => s - 1),
        0,
      ),
      value: fill,
    });
    return windows(around, { axes: size.map((_, i) => i + 1), size });
  }
  const apart = t.shape.flatMap((o, i) => (i > 0 && i <= size.length ? [o, 1] : [o]));
  const repeated = t.shape.flatMap((o, i) => (i > 0 && i <= size.length ? [o, size[i - 1]!] : [o]));
  const whole = t.shape.map((o, i) => (i > 0 && i <= size.length ? dimMul(o, size[i - 1]!) : o));
  const padded = pad(reshape(broadcastShape(reshape(t, apart), repeated), whole), {
    hi: everyAxis(
      places.map((n, i) => dimSub(dimAdd(dimAdd(lo[i]!, n), hi[i]!), whole[i + 1]!)),
      0,
    ),
    value: fill,
  });
  return slice(padded, {
    start: everyAxis(lo, 0),
    limit: [shape[0]!, ...places.map((n, i) => dimAdd(lo[i]!, n)), shape.at(-1)!],
  });
}

/** Which place the element has in each of those windows, in row-major order. */
export function placeHeld(shape: Shape, attrs: PoolAttrs): Tensor {
  const { size, lo } = attrs;
  const along = size.map((s, i) =>
    isTiled(attrs)
      ? rem(iota(shape, i + 1).add(lo[i]!), s)
      : iota(shape, windowAxes(attrs)[i]!)
          .neg()
          .add(s - 1),
  );
  return along.reduce((place, at, i) => place.mul(size[i]!).add(at));
}

/** The sum over those windows. */
export const sumHeld = (entries: Tensor, attrs: PoolAttrs): Tensor =>
  isTiled(attrs) ? entries : sum(entries, { axis: windowAxes(attrs) });

/** A value per window for each of its entries. (N, *o, C) → (N, *o, C, *size) */
export const overWindow = (y: Tensor, { size }: PoolAttrs): Tensor =>
  applyOp(broadcastOp, [y], { shape: [...y.shape, ...size], dims: y.shape.map((_, i) => i) })[0]!;

export interface PoolOptions {
  /** Places of a window. */
  readonly size: PerAxis;
  /** How far windows lie apart, by default their size. */
  readonly stride?: PerAxis;
  /** What is added around each example; nothing by default. */
  readonly padding?: Padding;
}

/** The attributes that the options of a call to `name` stand for. */
export function poolAttrs(name: string, x: Tensor, options: PoolOptions, known: readonly string[]): PoolAttrs {
  checkTensor(name, "x", x);
  checkOptions(name, options, ["size", "stride", "padding", ...known]);
  const axes = checked(
    name,
    { x },
    () => undefined,
    () => spatialAxes(x, signature),
  );
  const size = perAxis(name, "size", options.size, axes);
  const stride = options.stride === undefined ? size : perAxis(name, "stride", options.stride, axes);
  return { size, stride, ...widthsOf(name, options.padding ?? "valid", x.shape.slice(1, -1), size, stride) };
}
