import type { Batching, Meaning } from "../beside.ts";
import { isFloat } from "../dtype.ts";
import { applyOp, opRecord } from "../op.ts";
import { alignBatch } from "../promote.ts";
import type { OpRecord } from "../record.ts";
import { integers, normal, samplesOf } from "../sample.ts";
import type { Tensor } from "../tensor.ts";

/** Its operands, which no pass may compute across: what stands after a barrier is computed after what stands before. */
export const barrierOp: OpRecord = opRecord({
  name: "barrier",
  version: 1,
  numeric: "exact",
  inputs: ["...args"],
  results: ["...args"],
  type: (args) => args.map(({ dtype, shape }) => ({ dtype, shape })),
  linear: true,
  vjp(args, _results, cotangents) {
    const floats = cotangents.filter((_, i) => isFloat(args[i]!.dtype));
    const behind = floats.length === 0 ? [] : applyOp(barrierOp, floats);
    let next = 0;
    return args.map((x) => (isFloat(x.dtype) ? behind[next++]! : null));
  },
});

export const barrierBatching: Batching<["...args"]> = (args, batched, _attrs, size) =>
  applyOp(barrierOp, alignBatch(args, batched, size));

export const barrierMeaning: Meaning<["...args"]> = (args) => args.map((x) => x.data);

/**
 * The tensors themselves, kept apart from what was computed before: an optimiser neither merges nor moves work across.
 * `checkpoint` uses it so that what is computed a second time is not replaced by the first result.
 */
export const barrier = (...tensors: readonly Tensor[]): readonly Tensor[] => applyOp(barrierOp, tensors);

export const barrierSamples = () =>
  samplesOf(barrierOp, [[normal([3])], [normal([2, 2]), integers([3], 0, 9), normal([])]]);
