import type { Dim } from "../dim.ts";
import { checkOptions } from "../errors.ts";
import { applyOp } from "../op.ts";
import { checkTensor, convertTo } from "../promote.ts";
import { checked, fail } from "../rule.ts";
import { normal, samplesOf } from "../sample.ts";
import type { Tensor } from "../tensor.ts";
import { toFloat, widen } from "../widen.ts";
import { div, intDiv } from "./arithmetic.ts";
import { avgPool } from "./avg-pool.ts";
import { and } from "./bits.ts";
import { greaterEqual, less, select } from "./compare.ts";
import { iota } from "./constant.ts";
import { dotOp } from "./dot.ts";
import { moveAxis } from "./move.ts";
import { type PerAxis, perAxis, spatialAxes } from "./spatial.ts";

/**
 * The mean of `size` windows of nearly equal length along each spatial axis, channels last: window i is from `⌊i·n/size⌋`
 * to before `⌈(i + 1)·n/size⌉`, as in PyTorch. (N, *n, C) → (N, *size, C)
 */
export function adaptiveAvgPool(given: Tensor, options: { readonly size: PerAxis }): Tensor {
  const name = "adaptiveAvgPool";
  checkTensor(name, "x", given);
  checkOptions(name, options, ["size"]);
  const axes = checked(
    name,
    { x: given },
    () => undefined,
    () => spatialAxes(given, "(N,*n,C)->(N,*size,C)"),
  );
  const size = perAxis(name, "size", options.size, axes);
  const x = toFloat(given);
  const places = x.shape.slice(1, -1);
  checked(
    name,
    { x },
    () => undefined,
    () => {
      const empty = places.indexOf(0);
      if (empty >= 0) fail("E210", `axis ${empty + 1} of x has size 0, and nothing has no mean`);
    },
  );
  const lengths = places.map((n, i) => (typeof n === "number" && n % size[i]! === 0 ? n / size[i]! : undefined));
  if (lengths.every((length) => length !== undefined)) return avgPool(x, { size: lengths });
  // windows of different lengths are the rows of a matrix; one axis after the other
  const y = size.reduce((t, o, i) => {
    const product = applyOp(dotOp, [t, windowWeights(places[i]!, o, t)], { contract: [[i + 1], [1]] })[0]!;
    return moveAxis(product, -1, i + 1);
  }, widen(x));
  return convertTo(y, x.dtype);
}

/** What each of n places is in the mean of each of o windows. (o, n) */
function windowWeights(n: Dim, o: number, { dtype }: Tensor): Tensor {
  const [i, j] = [iota([o, n], 0), iota([o, n], 1)];
  const start = intDiv(i.mul(n), o);
  const end = intDiv(
    i
      .add(1)
      .mul(n)
      .add(o - 1),
    o,
  );
  return select(and(greaterEqual(j, start), less(j, end)), div(1, convertTo(end.sub(start), dtype)), 0);
}

export const adaptiveAvgPoolSamples = () =>
  samplesOf(adaptiveAvgPool, [
    [normal([2, 4, 6, 2]), { size: [2, 3] }],
    [normal([2, 5, 4, 2]), { size: [3, 2] }],
    [normal([1, 3, 2]), { size: 5 }],
    [normal([2, 3, 1], { dtype: "float16" }), { size: 2 }],
  ]);
