import { dims, ints } from "../attrs.ts";
import { dimAdd } from "../dim.ts";
import { checkOptions } from "../errors.ts";
import { applyOp } from "../op.ts";
import { checkTensor } from "../promote.ts";
import { accepts, checked, classWords, fail, failDType } from "../rule.ts";
import type { Shape, TensorType } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { broadcastOp } from "./move.ts";
import { pad } from "./pad.ts";
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
import { fold, windows } from "./windows.ts";

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

/** The transpose of that: windows added up where they came from, without the padding. */
export function unpooled(w: Tensor, shape: Shape, { size, stride, lo, hi }: PoolAttrs): Tensor {
  const places = shape.slice(1, -1);
  const padded = fold(w, {
    axes: size.map((_, i) => i + 1),
    dims: places.map((n, i) => dimAdd(dimAdd(lo[i]!, n), hi[i]!)),
    stride,
  });
  return slice(padded, {
    start: everyAxis(lo, 0),
    limit: [shape[0]!, ...places.map((n, i) => dimAdd(lo[i]!, n)), shape.at(-1)!],
  });
}

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
