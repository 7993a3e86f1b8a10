import { type Dim, dimSub } from "../dim.ts";
import { ShapeError } from "../errors.ts";
import { checkTensor, splat } from "../promote.ts";
import { currentPlace } from "../rule.ts";
import { bools, integers, normal, samplesOf } from "../sample.ts";
import type { Tensor } from "../tensor.ts";
import { greaterEqual, lessEqual, select } from "./compare.ts";
import { iota } from "./constant.ts";

/** The number of the row of a matrix plus `k`, and the number of the column, to be compared with each other. */
const places = (rows: Dim, columns: Dim, k: Dim): readonly [diagonal: Tensor, column: Tensor] => [
  iota([rows, 1]).add(k),
  iota([1, columns], 1),
];

/**
 * Which keys each query may see where none sees what comes later: query `i` of `t` sees key `j` of `s` if
 * `j <= i + s − t`, so that the last query sees every key. → bool (t, s)
 */
export function causalMask(t: Dim, s: Dim = t): Tensor {
  const [last, key] = places(t, s, dimSub(s, t));
  return lessEqual(key, last);
}

/** The lower triangle of the last two axes: elements above diagonal `k` become 0, diagonal 1 being the one above the main one. */
export function tril(x: Tensor, k = 0): Tensor {
  const [diagonal, column] = placesOf("tril", x, k);
  return select(lessEqual(column, diagonal), x, splat(0, [], x.dtype));
}

/** The upper triangle of the last two axes: elements below diagonal `k` become 0, diagonal 1 being the one above the main one. */
export function triu(x: Tensor, k = 0): Tensor {
  const [diagonal, column] = placesOf("triu", x, k);
  return select(greaterEqual(column, diagonal), x, splat(0, [], x.dtype));
}

function placesOf(op: string, x: Tensor, k: Dim): readonly [diagonal: Tensor, column: Tensor] {
  checkTensor(op, "x", x);
  if (x.rank < 2) {
    throw new ShapeError("E206", op, `x has rank ${x.rank}, below 2, in (…,m,n)->(…,m,n)`, {
      operands: { x },
      at: currentPlace(),
      fix: "give a matrix, or a stack of matrices",
    });
  }
  return places(x.shape.at(-2)!, x.shape.at(-1)!, k);
}

const sampled = (triangle: typeof tril) =>
  samplesOf(
    Object.defineProperty((x: Tensor, { k }: { k?: number } = {}) => triangle(x, k), "name", { value: triangle.name }),
    [
      [normal([3, 3])],
      [normal([2, 3, 4]), { k: 1 }],
      [normal([4, 2]), { k: -2 }],
      [integers([3, 3], 1, 9)],
      [bools([2, 3])],
      [normal([0, 2])],
    ],
  );

export const trilSamples = () => sampled(tril);
export const triuSamples = () => sampled(triu);
