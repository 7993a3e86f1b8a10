import { bool, region } from "../attrs.ts";
import type { Batching, Jvp, Meaning } from "../beside.ts";
import { Fn } from "../function.ts";
import { applyOp, opRecord } from "../op.ts";
import { alignBatch } from "../promote.ts";
import type { OpRecord } from "../record.ts";
import { reverseTransforms } from "../regions.ts";
import { integers, normal, samplesOf } from "../sample.ts";
import type { Tensor } from "../tensor.ts";
import { mul } from "./arithmetic.ts";
import { barrier } from "./barrier.ts";
import { checkOperands, placed, places, regionOf } from "./region.ts";
import { sin } from "./trigonometric.ts";

/**
 * A function applied to operands, kept as one op: written once in a module, however often it is called.
 *
 * With `recompute` nothing is saved for reverse mode but the operands: the function runs once more before its derivative,
 * behind a barrier together with the cotangents, so that no pass merges the second run with the first or starts it early.
 */
export const callOp: OpRecord = opRecord({
  name: "call",
  version: 1,
  numeric: "accumulate",
  inputs: ["...args"],
  results: ["...results"],
  attrs: { fn: region(), recompute: bool(false) },
  type(args, { fn }) {
    checkOperands("fn", fn.signature, args);
    return fn.signature.results;
  },
  transforms: reverseTransforms,
  augment(args, { fn, recompute }, ad) {
    const count = fn.signature.results.length;
    const outputs = applyOp(callOp, args, recompute ? { fn, recompute } : { fn: ad.vjp(fn as Fn, ad.wanted).forward });
    return { results: outputs.slice(0, count), residuals: outputs.slice(count) };
  },
  vjp(args, results, cotangents, { fn, recompute }, ad) {
    const half = ad.vjp(fn as Fn, ad.wanted);
    const given = half.cotangents.map((i) => cotangents[i]!);
    const count = cotangents.length;
    let [operands, residuals, dy]: (readonly Tensor[])[] = [args, results.slice(count), given];
    if (recompute) {
      const behind = barrier(...args, ...given);
      [operands, dy] = [behind.slice(0, args.length), behind.slice(args.length)];
      const saved = half.forward.results.slice(count);
      residuals =
        saved.length === 0
          ? []
          : applyOp(callOp, operands, { fn: new Fn(half.forward.name, half.forward.inputs, saved) });
    }
    const read = [...half.kept.map((i) => operands![i]!), ...residuals!, ...dy!];
    return placed(args.length, half.wanted, applyOp(callOp, read, { fn: half.backward }));
  },
});

export const callJvp: Jvp<["...args"]> = (args, tangents, results, { fn, recompute }, ad) => {
  const active = tangents.map((t) => t !== null);
  const outputs = applyOp(callOp, [...args, ...tangents.filter((t) => t !== null)], {
    fn: ad.jvp(fn as Fn, active),
    recompute,
  });
  const count = results.length;
  const changes = placed(count, places(ad.active(fn as Fn, active)), outputs.slice(count));
  return [...changes, ...outputs.slice(0, count)];
};

export const callBatching: Batching<["...args"]> = (args, batched, { fn, recompute }, size, ad) => {
  const inner = ad.batch(fn as Fn, size, batched);
  return alignBatch(applyOp(callOp, args, { fn: inner.fn, recompute }), inner.batched, size);
};

export const callMeaning: Meaning<["...args"]> = (args, { fn }, _results, call) =>
  call(fn, args).map(({ data }) => data);

export interface CallOptions {
  /** Whether reverse mode computes the function a second time instead of saving what it needs. */
  readonly recompute?: boolean;
}

/** Calls a traced function. */
export const call = (fn: Fn, args: readonly Tensor[], options: CallOptions = {}): readonly Tensor[] =>
  applyOp(callOp, args, { fn, ...options });

export const callSamples = () =>
  samplesOf(callOp, [
    {
      operands: [normal([3]), normal([3])],
      attrs: () => ({ fn: regionOf("wave", [normal([3]), normal([3])], ([x, y]) => [sin(mul(x!, y!)), x!]) }),
    },
    {
      operands: [normal([]), integers([2], 0, 9)],
      attrs: () => ({ fn: regionOf("apart", [normal([]), integers([2], 0, 9)], ([x, n]) => [mul(n!, n!), sin(x!)]) }),
    },
    {
      operands: [normal([2]), normal([2])],
      attrs: () => ({
        fn: regionOf("again", [normal([2]), normal([2])], ([x, y]) => [sin(mul(sin(x!), y!))]),
        recompute: true,
      }),
    },
    { operands: [normal([0])], attrs: () => ({ fn: regionOf("none", [normal([0])], ([x]) => [sin(x!)]) }) },
  ]);
