import { type AttrKind, float } from "../attrs.ts";
import { applyOp, opRecord } from "../op.ts";
import { convertTo } from "../promote.ts";
import type { OpRecord } from "../record.ts";
import { elementwiseType } from "../rule.ts";
import { normal, samplesOf, values } from "../sample.ts";
import type { Tensor } from "../tensor.ts";
import { widen } from "../widen.ts";
import { select } from "./compare.ts";
import { checkKey } from "./key.ts";
import { randomBernoulli } from "./random.ts";

const share: AttrKind<number> = {
  ...float(),
  expected: "a number from 0 to 1",
  normalize: (v) => (typeof v === "number" && v >= 0 && v <= 1 ? v : undefined),
};

/**
 * Each element is 0 with probability `rate` and divided by `1 − rate` otherwise, so that the mean is kept. Shape is kept.
 *
 * The rate is an attribute, since it belongs to a layer and does not change from step to step; the key does. Forward and
 * backward make the same mask from the key, so that nothing has to be saved. Srivastava et al. 2014, Dropout: a simple
 * way to prevent neural networks from overfitting.
 */
export const dropoutOp: OpRecord = opRecord({
  name: "nn.dropout",
  version: 1,
  numeric: "rounded",
  inputs: ["x", "key"],
  attrs: { rate: share },
  type([x, key]) {
    checkKey(key);
    return elementwiseType([x], "float", ["x"]);
  },
  decompose([x, key], { rate }) {
    const scaled = widen(x).mul(rate === 1 ? 0 : 1 / (1 - rate));
    return convertTo(select(randomBernoulli(key, 1 - rate, x.shape), scaled, 0), x.dtype);
  },
  linear: ["x"],
  vjp: ([, key], _results, [dy], attrs) => [applyOp(dropoutOp, [dy, key], attrs)[0]!, null],
});

/** `x` with each element dropped with probability `rate`, the others divided by `1 − rate`. */
export const dropout = (x: Tensor, key: Tensor, options: { readonly rate: number }): Tensor =>
  applyOp(dropoutOp, [x, key], options)[0]!;

const sampleKey = () => values([7, 9], [2], "uint32");

export const dropoutSamples = () =>
  samplesOf(dropoutOp, [
    [normal([4, 7]), sampleKey(), { rate: 0.3 }],
    [normal([5]), sampleKey(), { rate: 0 }],
    [normal([5]), sampleKey(), { rate: 1 }],
    [normal([3, 3], { dtype: "float16" }), sampleKey(), { rate: 0.5 }],
    [normal([0, 2]), sampleKey(), { rate: 0.5 }],
  ]);
