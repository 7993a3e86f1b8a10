import { region } from "../attrs.ts";
import type { Fn } from "../function.ts";
import { applyOp, opRecord } from "../op.ts";
import { alignBatch } from "../promote.ts";
import type { OpRecord } from "../record.ts";
import { integers, normal, samplesOf } from "../sample.ts";
import type { Tensor } from "../tensor.ts";
import { mul } from "./arithmetic.ts";
import { checkOperands, placed, places, regionOf } from "./region.ts";
import { sin } from "./trigonometric.ts";

/** A function applied to operands, kept as one op: written once in a module, however often it is called. */
export const callOp: OpRecord = opRecord({
  name: "call",
  version: 1,
  numeric: "accumulate",
  inputs: ["...args"],
  results: ["...results"],
  attrs: { fn: region() },
  type(args, { fn }) {
    checkOperands("fn", fn.signature, args);
    return fn.signature.results;
  },
  run: (args, { fn }, _results, call) => call(fn, args).map(({ data }) => data),
  augment(args, { fn }, ad) {
    const { forward } = ad.vjp(fn as Fn, ad.wanted);
    const outputs = applyOp(callOp, args, { fn: forward });
    const count = fn.signature.results.length;
    return { results: outputs.slice(0, count), residuals: outputs.slice(count) };
  },
  vjp(args, results, cotangents, { fn }, ad) {
    const half = ad.vjp(fn as Fn, ad.wanted);
    const residuals = results.slice(cotangents.length);
    const operands = [...half.kept.map((i) => args[i]!), ...residuals, ...half.cotangents.map((i) => cotangents[i]!)];
    return placed(args.length, half.wanted, applyOp(callOp, operands, { fn: half.backward }));
  },
  jvp(args, tangents, results, { fn }, ad) {
    const active = tangents.map((t) => t !== null);
    const outputs = applyOp(callOp, [...args, ...tangents.filter((t) => t !== null)], { fn: ad.jvp(fn as Fn, active) });
    const count = results.length;
    const changes = placed(count, places(ad.active(fn as Fn, active)), outputs.slice(count));
    return [...changes, ...outputs.slice(0, count)];
  },
  batch(args, batched, { fn }, size, ad) {
    const inner = ad.batch(fn as Fn, size, batched);
    return alignBatch(applyOp(callOp, args, { fn: inner.fn }), inner.batched, size);
  },
});

/** Calls a traced function. */
export const call = (fn: Fn, args: readonly Tensor[]): readonly Tensor[] => applyOp(callOp, args, { fn });

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
    { operands: [normal([0])], attrs: () => ({ fn: regionOf("none", [normal([0])], ([x]) => [sin(x!)]) }) },
  ]);
