import type { DType } from "../dtype.ts";
import { applyOp } from "../op.ts";
import { convertTo, splat } from "../promote.ts";
import { sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { equal, select } from "./compare.ts";
import { concat } from "./concat.ts";
import { iota } from "./constant.ts";
import { broadcastOp, transpose } from "./move.ts";
import { pad } from "./pad.ts";
import { reduceOp } from "./reduce.ts";
import { reshape } from "./reshape.ts";
import { sliceAxis } from "./slice.ts";

/**
 * For each element the product of all others along `axes`: the derivative of their product.
 *
 * It never divides, so that zeros are ordinary numbers and the result can be differentiated again.
 */
export function productsOfOthers(x: Tensor, axes: readonly number[], acc: DType): Tensor {
  const order = [...x.shape.flatMap((_, i) => (axes.includes(i) ? [] : [i])), ...axes];
  const kept = order.slice(0, x.rank - axes.length).map((i) => x.shape[i]!);
  const moved = transpose(convertTo(x, acc), order);
  const length = sizeOf(moved.shape.slice(kept.length));
  const rows = reshape(moved, [...kept, length]);
  const others = typeof length === "number" ? byHalves(rows, length) : byMask(rows);
  const back = order.map((_, i) => order.indexOf(i));
  return convertTo(transpose(reshape(others, moved.shape), back), x.dtype);
}

/** Products of pairs, of pairs of pairs, and so on; then, downwards, each half is multiplied by the other half's product. */
function byHalves(rows: Tensor, length: number): Tensor {
  if (length === 0) return rows;
  const axis = rows.rank - 1;
  const levels: { low: Tensor; high: Tensor; length: number }[] = [];
  let level = rows;
  for (let n = length; n > 1; n = Math.ceil(n / 2)) {
    const half = Math.ceil(n / 2);
    const even = n % 2 === 0 ? level : pad(level, { hi: rows.shape.map((_, i) => (i === axis ? 1 : 0)), value: 1 });
    const [low, high] = [sliceAxis(even, axis, 0, half), sliceAxis(even, axis, half)];
    levels.push({ low, high, length: n });
    level = low.mul(high);
  }
  let others = splat(1, level.shape, rows.dtype);
  for (const { low, high, length: n } of levels.reverse()) {
    others = sliceAxis(concat([others.mul(high), others.mul(low)], { axis }), axis, 0, n);
  }
  return others;
}

/** The rows repeated once per element, each time with that element as 1: for lengths that are symbolic. */
function byMask(rows: Tensor): Tensor {
  const last = rows.rank - 1;
  const length = rows.shape[last]!;
  const square = applyOp(broadcastOp, [rows], {
    shape: [...rows.shape, length],
    dims: rows.shape.map((_, i) => (i === last ? last + 1 : i)),
  })[0]!;
  const own = equal(iota([length, length], 0), iota([length, length], 1));
  return applyOp(reduceOp, [select(own, 1, square)], { op: "prod", axes: [last + 1] })[0]!;
}
