import { constant, type DType, type Elements, encodeElements, input, isFloat, splat, type Tensor } from "@tenon/ir";
import type { Draw } from "./draw.ts";

/** More elements than this has no value of a random graph, so that a failing one can be read. */
export const MAX_SIZE = 400;
const SIZES = [1, 2, 3, 4, 5, 7];

export const sizesOf = (t: Tensor): readonly number[] => t.shape as readonly number[];

/** The values of a graph under construction, from which the next op takes its operands. */
export class GraphMaker {
  readonly draw: Draw;
  readonly dtypes: readonly DType[];
  readonly pool: Tensor[] = [];
  readonly inputs: Tensor[] = [];
  readonly args: Elements[] = [];

  constructor(draw: Draw, dtypes: readonly DType[]) {
    this.draw = draw;
    this.dtypes = dtypes;
  }

  /** A new input with these elements. */
  given(x: Elements): Tensor {
    const t = input(x);
    this.inputs.push(t);
    this.args.push(x);
    this.pool.push(t);
    return t;
  }

  shape(rank = this.draw.integer(0, 4)): number[] {
    const size = (): number => (this.draw.chance(0.03) ? 0 : this.draw.pick(SIZES));
    const shape = Array.from({ length: rank }, size);
    while (shape.reduce((n, d) => n * d, 1) > MAX_SIZE) shape[shape.indexOf(Math.max(...shape))] = 1;
    return shape;
  }

  fresh(dtype = this.draw.pick(this.dtypes), shape: readonly number[] = this.shape()): Tensor {
    return this.given(this.draw.elements({ dtype, shape }));
  }

  /** Whole numbers from `low` to `high`, for indices. */
  indices(shape: readonly number[], low: number, high: number): Tensor {
    const count = shape.reduce((n, d) => n * d, 1);
    const data = Float64Array.from({ length: count }, () => this.draw.integer(low, high));
    return this.given({ dtype: "int32", shape, data });
  }

  /** A value, late ones more often; undefined where none is wanted. */
  value(wanted: (t: Tensor) => boolean = () => true): Tensor | undefined {
    const fitting = this.pool.filter(wanted);
    if (fitting.length === 0) return undefined;
    const back = Math.min(fitting.length - 1, Math.floor(fitting.length * this.draw.unit() ** 2));
    return fitting[fitting.length - 1 - back];
  }

  /** A value of rank at least 1 without empty axes. */
  filled(): Tensor {
    return this.value((t) => t.rank > 0 && sizesOf(t).every((n) => n > 0)) ?? this.fresh(undefined, [3, 4]);
  }

  /** A value of this type: one that there is, a constant, or a new input. */
  like(dtype: DType, shape: readonly number[]): Tensor {
    const same = this.value((t) => t.dtype === dtype && sameSizes(sizesOf(t), shape));
    if (same !== undefined && this.draw.chance(0.8)) return same;
    const smaller = this.value((t) => t.dtype === dtype && fitsBehind(sizesOf(t), shape));
    if (smaller !== undefined && this.draw.chance(0.6)) return smaller.broadcastTo(shape);
    if (this.draw.chance(0.3)) return splat(dtype === "bool" ? 1 : 2, shape, dtype);
    if (this.draw.chance(0.2)) {
      const { data } = this.draw.elements({ dtype, shape });
      return constant(encodeElements(dtype, data), shape, dtype);
    }
    return this.fresh(dtype, shape);
  }

  /** The value in another dtype, or itself. */
  as(x: Tensor, dtype: DType): Tensor {
    return x.dtype === dtype ? x : x.cast(dtype);
  }

  /** A float value, cast where there is none. */
  float(): Tensor {
    const floats = this.dtypes.filter(isFloat);
    return this.value((t) => isFloat(t.dtype)) ?? this.fresh(this.draw.pick(floats));
  }
}

const sameSizes = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((n, i) => n === b[i]);

const fitsBehind = (from: readonly number[], to: readonly number[]): boolean =>
  from.length <= to.length && from.every((n, i) => n === 1 || n === to[to.length - from.length + i]);
