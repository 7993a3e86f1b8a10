import type { DType } from "../dtype.ts";
import { applyOp } from "../op.ts";
import { convertTo } from "../promote.ts";
import { sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { equal, select } from "./compare.ts";
import { iota } from "./constant.ts";
import { broadcastOp, transpose } from "./move.ts";
import { reduceOp } from "./reduce.ts";
import { reshape } from "./reshape.ts";
import { shifted } from "./shifted.ts";

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
  const others = typeof length === "number" ? byDoubling(rows, length) : byMask(rows);
  const back = order.map((_, i) => order.indexOf(i));
  return convertTo(transpose(reshape(others, moved.shape), back), x.dtype);
}

/** The product of all before an element times that of all after: of one, of two, of four, and so on. */
function byDoubling(rows: Tensor, length: number): Tensor {
  const axis = rows.rank - 1;
  const [before, after] = [1, -1].map((way) => {
    let product = shifted(rows, axis, way, 1);
    for (let by = 1; by < length; by *= 2) product = product.mul(shifted(product, axis, way * by, 1));
    return product;
  }) as [Tensor, Tensor];
  return before.mul(after);
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
