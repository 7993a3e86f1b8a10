import { dim, resultDType } from "../attrs.ts";
import type { Batching } from "../beside.ts";
import type { Dim } from "../dim.ts";
import type { DType } from "../dtype.ts";
import { checkOptions } from "../errors.ts";
import { applyOp, opRecord } from "../op.ts";
import { convertTo } from "../promote.ts";
import type { Operand, OpRecord } from "../record.ts";
import { failDType } from "../rule.ts";
import { integers, samplesOf } from "../sample.ts";
import type { Tensor } from "../tensor.ts";
import { equal } from "./compare.ts";
import { iota } from "./constant.ts";
import { toIndices } from "./indexing.ts";
import { expandDims } from "./reshape.ts";

/** 1 at the place that the index names along a new last axis of size `classes`, 0 elsewhere; all 0 out of range. */
export const oneHotOp: OpRecord = opRecord({
  name: "nn.one_hot",
  version: 1,
  numeric: "exact",
  inputs: ["indices"],
  attrs: { classes: dim(), dtype: resultDType("float32") },
  type([{ dtype, shape }], attrs) {
    if (dtype !== "int32") failDType(`indices are ${dtype} where int32 is wanted`, "convert them");
    return { dtype: attrs.dtype, shape: [...shape, attrs.classes] };
  },
  decompose: ([indices], { classes, dtype }) =>
    convertTo(equal(expandDims(indices, -1), iota([...indices.shape, classes], -1)), dtype),
});

export const oneHotBatching: Batching<["indices"]> = ([indices], _batched, attrs) =>
  applyOp(oneHotOp, [indices], attrs);

/** One-hot rows of integer `indices`. (…) → (…, classes) */
export function oneHot(indices: Operand, classes: Dim, options: { readonly dtype?: DType } = {}): Tensor {
  checkOptions("oneHot", options, ["dtype"]);
  return applyOp(oneHotOp, [toIndices("oneHot", indices)], { ...options, classes })[0]!;
}

export const oneHotSamples = () =>
  samplesOf(oneHotOp, [
    [integers([5], 0, 3), { classes: 4 }],
    [integers([2, 3], -1, 4), { classes: 4, dtype: "bool" }], // some out of range
    [integers([], 0, 2), { classes: 3, dtype: "float16" }],
    [integers([2], 0, 2), { classes: 0 }],
  ]);
