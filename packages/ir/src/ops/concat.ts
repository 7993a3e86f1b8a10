import { axis } from "../attrs.ts";
import { resolveAxis } from "../axes.ts";
import { type Dim, dimAdd, sameDim } from "../dim.ts";
import { applyOp, opRecord } from "../op.ts";
import { alignBatch, commonDType, toTensor } from "../promote.ts";
import type { OpRecord } from "../record.ts";
import { fail, failDType } from "../rule.ts";
import { integers, normal, samplesOf } from "../sample.ts";
import { countOf, stridedWrite, stridesOf } from "../strided.ts";
import type { Tensor } from "../tensor.ts";
import { expandDims } from "./reshape.ts";
import { sliceAxis } from "./slice.ts";

/** The operands one after another along `axis`; their other sizes are equal. */
export const concatOp: OpRecord = opRecord({
  name: "concat",
  version: 1,
  numeric: "exact",
  inputs: ["...xs"],
  attrs: { axis: axis() },
  type(xs, { axis }) {
    const first = xs[0] ?? fail("E209", "no operand given, at least 1 wanted");
    let total: Dim = 0;
    xs.forEach((x, n) => {
      if (x.dtype !== first.dtype)
        failDType(`xs[0] is ${first.dtype} but xs[${n}] is ${x.dtype}`, "convert one of them");
      const others =
        x.shape.length === first.shape.length && x.shape.every((d, i) => i === axis || sameDim(d, first.shape[i]!));
      if (!others) fail("E203", `xs[0] and xs[${n}] differ outside axis ${axis}`);
      total = dimAdd(total, x.shape[axis]!);
    });
    return { dtype: first.dtype, shape: first.shape.with(axis, total) };
  },
  run(xs, { axis }, [type]) {
    const strides = stridesOf(type!.shape);
    const out = new Float64Array(countOf(type!.shape));
    let start = 0;
    for (const x of xs) {
      stridedWrite(out, x.data, x.shape, strides, start);
      start += strides[axis]! * x.shape[axis]!;
    }
    return out;
  },
  linear: true,
  vjp(xs, _results, [dy], { axis }) {
    let start: Dim = 0;
    return xs.map((x) => {
      const limit = dimAdd(start, x.shape[axis]!);
      const dx = sliceAxis(dy!, axis, start, limit);
      start = limit;
      return dx;
    });
  },
  batch: (xs, batched, { axis }, size) => applyOp(concatOp, alignBatch(xs, batched, size), { axis: axis + 1 }),
});

/** The tensors one after another along `axis`, in their common dtype. */
export function concat(xs: readonly Tensor[], { axis = 0 }: { readonly axis?: number } = {}): Tensor {
  if (xs.length === 1) return xs[0]!;
  const dtype = commonDType(concatOp, xs, "any");
  return applyOp(
    concatOp,
    xs.map((x) => toTensor("concat", x, dtype)),
    { axis },
  )[0]!;
}

/** Tensors of one shape along a new axis, at the place `axis` of the result. */
export function stack(xs: readonly Tensor[], { axis = 0 }: { readonly axis?: number } = {}): Tensor {
  const rank = (xs[0]?.rank ?? 0) + 1;
  const at = resolveAxis("stack", axis, rank, xs[0]);
  return concat(
    xs.map((x) => expandDims(x, at)),
    { axis: at },
  );
}

/** The parts of a tensor along `axis`, of the given sizes. */
export function split(x: Tensor, sizes: readonly Dim[], { axis = 0 }: { readonly axis?: number } = {}): Tensor[] {
  let start: Dim = 0;
  return sizes.map((size) => {
    const limit = dimAdd(start, size);
    const part = sliceAxis(x, axis, start, limit);
    start = limit;
    return part;
  });
}

export const concatSamples = () =>
  samplesOf(concatOp, [
    [normal([2, 3]), normal([1, 3]), normal([2, 3]), { axis: 0 }],
    [normal([2, 3]), normal([2, 1]), { axis: -1 }],
    [normal([2, 3]), { axis: 0 }],
    [normal([0, 2]), normal([2, 2]), { axis: 0 }],
    [integers([2], -9, 9), integers([3], -9, 9), { axis: 0 }],
  ]);
