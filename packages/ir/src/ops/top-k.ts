import { axis, int } from "../attrs.ts";
import type { Batching } from "../beside.ts";
import { dimAtMost } from "../dim.ts";
import { checkOptions } from "../errors.ts";
import { applyOp, opRecord } from "../op.ts";
import { splat } from "../promote.ts";
import type { OpRecord } from "../record.ts";
import { fail } from "../rule.ts";
import { distinct, integers, samplesOf, ties } from "../sample.ts";
import type { Tensor } from "../tensor.ts";
import { iota } from "./constant.ts";
import { putAlong } from "./scatter.ts";
import { sliceAxis } from "./slice.ts";
import { sortWith } from "./sort.ts";

/** The `k` largest entries along `axis`, the largest first, and where they stand, int32. Of equals the first; NaN is never among them while numbers are left. */
export const topKOp: OpRecord = opRecord({
  name: "nn.top_k",
  version: 1,
  numeric: "exact",
  inputs: ["x"],
  results: ["values", "indices"],
  attrs: { k: int({ min: 0 }), axis: axis(-1) },
  type([{ dtype, shape }], { k, axis }) {
    const n = shape[axis]!;
    if (!dimAtMost(k, n))
      fail(
        "E210",
        `k is ${k}, ${typeof n === "number" ? "more than" : "which may be more than"} the size ${n} of axis ${axis}`,
      );
    const kept = shape.with(axis, k);
    return [
      { dtype, shape: kept },
      { dtype: "int32", shape: kept },
    ];
  },
  decompose([x], { k, axis }) {
    const sorted = sortWith(x, [iota(x.shape, axis)], { axis, descending: true });
    return sorted.map((t) => sliceAxis(t, axis, 0, k));
  },
  vjp: ([x], [_values, indices], [dy], { axis }) => [
    putAlong(splat(0, x.shape, x.dtype), indices, dy, { axis, unique: true }),
  ],
});

export const topKBatching: Batching<["x"]> = ([x], _batched, { k, axis }) =>
  applyOp(topKOp, [x], { k, axis: axis + 1 });

/** The `k` largest entries along `axis`, the last by default, the largest first, and where they stand. */
export function topK(
  x: Tensor,
  k: number,
  options: { readonly axis?: number } = {},
): readonly [values: Tensor, indices: Tensor] {
  checkOptions("topK", options, ["axis"]);
  const [values, indices] = applyOp(topKOp, [x], { ...options, k });
  return [values!, indices!];
}

export const topKSamples = () =>
  samplesOf(topKOp, [
    [distinct([7]), { k: 3 }],
    [distinct([4, 3]), { k: 2, axis: 0 }],
    [distinct([2, 3]), { k: 0 }],
    { operands: [ties([3, 6])], attrs: { k: 4 }, kink: true },
    [integers([8], -9, 9), { k: 8 }],
  ]);
