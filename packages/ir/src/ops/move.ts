import { ints, resultShape } from "../attrs.ts";
import { type Dim, dimAdd, sameDim } from "../dim.ts";
import { opRecord } from "../op.ts";
import { broadcastShape } from "../promote.ts";
import { fail } from "../rule.ts";
import type { Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { reduceOp } from "./reduce.ts";
import { applyOp } from "../op.ts";

/** Strides of a row-major array, in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i]!;
  }
  return strides;
}

/** Elements of a strided view in row-major order of `shape`. */
export function stridedRead(data: Float64Array, shape: readonly number[], strides: readonly number[], start = 0): Float64Array {
  const out = new Float64Array(shape.reduce((n, d) => n * d, 1));
  const index = new Array<number>(shape.length).fill(0);
  let at = start;
  for (let i = 0; i < out.length; i++) {
    out[i] = data[at]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      at -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}

/** The operand repeated: its axis `i` becomes axis `dims[i]` of the result, of equal size or repeated from size 1. */
export const broadcastOp = opRecord({
  name: "broadcast",
  version: 1,
  numeric: "exact",
  inputs: ["x"],
  attrs: { shape: resultShape(), dims: ints({ min: 0 }) },
  type([x], { shape, dims }) {
    if (dims.length !== x.shape.length) fail("E206", `dims has ${dims.length} axes but x has rank ${x.shape.length}`);
    dims.forEach((d, i) => {
      if (d >= shape.length || (i > 0 && d <= dims[i - 1]!)) fail("E205", `dims [${dims.join(", ")}] are not rising axes of a shape of rank ${shape.length}`);
      if (!sameDim(x.shape[i]!, 1) && !sameDim(x.shape[i]!, shape[d]!)) fail("E203", `axis ${i} of size ${x.shape[i]} cannot become size ${shape[d]}`);
    });
    return { dtype: x.dtype, shape };
  },
  run([x], { dims }, [type]) {
    const from = stridesOf(x.shape);
    const strides = type!.shape.map(() => 0);
    (dims as readonly number[]).forEach((d, i) => {
      if (x.shape[i] !== 1) strides[d] = from[i]!;
    });
    return stridedRead(x.data, type!.shape, strides);
  },
  linear: true,
  vjp: ([x], _results, [dy], { shape, dims }) => [sumBroadcast(dy, x.shape, shape, dims)],
  batch: ([x], _batched, { shape, dims }, size) => applyOp(broadcastOp, [x], { shape: [size, ...shape], dims: [0, ...dims.map((d) => d + 1)] }),
});

/** Sum of `dy` over the axes that a broadcast added or stretched, in the shape it came from. */
function sumBroadcast(dy: Tensor, from: Shape, shape: Shape, dims: readonly number[]): Tensor {
  const kept = new Map(dims.map((d, i) => [d, i]));
  const axes = shape.map((_, i) => i).filter((i) => !kept.has(i) || (sameDim(from[kept.get(i)!]!, 1) && !sameDim(shape[i]!, 1)));
  const summed = axes.length === 0 ? dy : applyOp(reduceOp, [dy], { op: "sum", axes })[0]!;
  const stretched = summed.shape.length !== from.length;
  return stretched ? reshape(summed, from) : summed;
}
