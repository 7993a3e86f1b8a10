import { axis } from "../attrs.ts";
import { resolveAxis } from "../axes.ts";
import type { Batching, Meaning } from "../beside.ts";
import { type Dim, dimAdd, dimFloorDiv, sameDim } from "../dim.ts";
import { checkList, checkOptions, ShapeError } from "../errors.ts";
import { applyOp, opRecord } from "../op.ts";
import { alignBatch, checkTensor, commonDType, toTensor } from "../promote.ts";
import type { OpRecord } from "../record.ts";
import { currentPlace, fail, failDType } from "../rule.ts";
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
});

export const concatBatching: Batching<["...xs"]> = (xs, batched, { axis }, size) =>
  applyOp(concatOp, alignBatch(xs, batched, size), { axis: axis + 1 });

export const concatMeaning: Meaning<["...xs"]> = (xs, { axis }, [type]) => {
  const strides = stridesOf(type!.shape);
  const out = new Float64Array(countOf(type!.shape));
  let start = 0;
  for (const x of xs) {
    stridedWrite(out, x.data, x.shape, strides, start);
    start += strides[axis]! * x.shape[axis]!;
  }
  return out;
};

export interface AxisOption {
  /** 0 by default; negative ones count from the end. */
  readonly axis?: number;
}

/** The tensors one after another along `axis`, in their common dtype. */
export function concat(xs: readonly Tensor[], options: AxisOption = {}): Tensor {
  checkList("concat", "xs", xs, "concat([x, y])");
  checkOptions("concat", options, ["axis"]);
  const { axis = 0 } = options;
  if (xs.length === 0)
    throw new ShapeError("E209", "concat", "no tensor given, at least 1 wanted", { at: currentPlace() });
  if (xs.length === 1) return xs[0]!;
  const dtype = commonDType(concatOp, xs, "any");
  return applyOp(
    concatOp,
    xs.map((x) => toTensor("concat", x, dtype)),
    { axis },
  )[0]!;
}

/** Tensors of one shape along a new axis, at the place `axis` of the result. */
export function stack(xs: readonly Tensor[], options: AxisOption = {}): Tensor {
  checkList("stack", "xs", xs, "stack([x, y])");
  xs.forEach((x, i) => {
    checkTensor("stack", `xs[${i}]`, x);
  });
  checkOptions("stack", options, ["axis"]);
  const rank = (xs[0]?.rank ?? 0) + 1;
  const at = resolveAxis("stack", options.axis ?? 0, rank, xs[0]);
  return concat(
    xs.map((x) => expandDims(x, at)),
    { axis: at },
  );
}

/** The parts of a tensor along `axis`: so many equal ones, or parts of the given sizes. */
export function split(x: Tensor, parts: number | readonly Dim[], options: AxisOption = {}): Tensor[] {
  checkTensor("split", "x", x);
  checkOptions("split", options, ["axis"]);
  const axis = resolveAxis("split", options.axis ?? 0, x.rank, x);
  const size = x.shape[axis]!;
  const sizes = typeof parts === "number" ? new Array<Dim>(parts).fill(dimFloorDiv(size, parts)) : parts;
  if (!sameDim(sizes.reduce(dimAdd, 0), size)) {
    const wanted = typeof parts === "number" ? `${parts} equal parts` : `parts of ${parts.join(" + ")}`;
    throw new ShapeError("E203", "split", `axis ${axis} of size ${size} does not fall into ${wanted}`, {
      operands: { x },
      at: currentPlace(),
    });
  }
  let start: Dim = 0;
  return sizes.map((length) => {
    const limit = dimAdd(start, length);
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
