import { type Attrs, axis, bool } from "../attrs.ts";
import type { Batching, Jvp, Meaning } from "../beside.ts";
import { isFloat } from "../dtype.ts";
import { checkOptions } from "../errors.ts";
import { applyOp, opRecord } from "../op.ts";
import { alignBatch, checkTensor, splat } from "../promote.ts";
import type { OpRecord } from "../record.ts";
import { fail } from "../rule.ts";
import { distinct, integers, normal, samplesOf, ties, values } from "../sample.ts";
import { sameShape, shapeText } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { iota } from "./constant.ts";
import { takeAlong } from "./gather.ts";
import { putAlong } from "./scatter.ts";

/**
 * Each line of `key` along `axis` in rising order, or falling if `descending`, and the payloads in the same order. NaN
 * stands last in both. `stable` keeps equal keys, −0 and 0 among them, in the order they came in.
 */
export const sortOp: OpRecord = opRecord({
  name: "sort",
  version: 1,
  numeric: "exact",
  inputs: ["key", "...payloads"],
  results: ["key", "...payloads"],
  attrs: { axis: axis(-1), descending: bool(false), stable: bool(true) },
  type([key, ...payloads]) {
    payloads.forEach((x, i) => {
      if (!sameShape(x.shape, key.shape))
        fail("E202", `payload ${i} has shape ${shapeText(x.shape)} but the key has ${shapeText(key.shape)}`);
    });
    return [key, ...payloads].map(({ dtype, shape }) => ({ dtype, shape }));
  },
  augment(args, attrs) {
    const all = applyOp(sortOp, [...args, places(args[0]!, attrs)], attrs);
    return { results: all.slice(0, -1), residuals: all.slice(-1) };
  },
  vjp(args, results, cotangents, { axis }) {
    const permutation = results[args.length]!;
    return args.map((x, i) =>
      isFloat(x.dtype)
        ? putAlong(splat(0, x.shape, x.dtype), permutation, cotangents[i]!, { axis, unique: true })
        : null,
    );
  },
});

export const sortJvp: Jvp<["key", "...payloads"]> = (args, tangents, _results, attrs) => {
  const sorted = applyOp(sortOp, [...args, places(args[0], attrs)], attrs);
  const permutation = sorted.at(-1)!;
  return [...tangents.map((dx) => dx && takeAlong(dx, permutation, { axis: attrs.axis })), ...sorted.slice(0, -1)];
};

export const sortBatching: Batching<["key", "...payloads"]> = (args, batched, attrs, size) =>
  applyOp(sortOp, alignBatch(args, batched, size), { ...attrs, axis: attrs.axis + 1 });

export const sortMeaning: Meaning<["key", "...payloads"]> = (
  args,
  { axis, descending }: { axis: number; descending: boolean },
) => {
  const [{ data: key, shape }] = args;
  const count = shape[axis]!;
  const inner = shape.slice(axis + 1).reduce((n, d) => n * d, 1);
  const sign = descending ? -1 : 1;
  const order = (a: number, b: number): number => {
    const [x, y] = [key[a]!, key[b]!];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    return sign * (x < y ? -1 : x > y ? 1 : 0);
  };
  const outs = args.map(({ data }) => new Float64Array(data.length));
  for (let line = 0; line < key.length / Math.max(1, count); line++) {
    const start = Math.floor(line / inner) * count * inner + (line % inner);
    const places = Array.from({ length: count }, (_, i) => start + i * inner);
    places.sort(order).forEach((from, i) => {
      outs.forEach((out, j) => {
        out[start + i * inner] = args[j]!.data[from]!;
      });
    });
  }
  return outs;
};

/** Where each entry of a line stands. */
const places = (key: Tensor, { axis }: Attrs): Tensor => iota(key.shape, axis as number);

export interface SortOptions {
  readonly axis?: number;
  readonly descending?: boolean;
}

/** The entries of each line along `axis`, the last by default, in rising order. NaN stands last. The order of equal entries is kept. */
export const sort = (x: Tensor, options: SortOptions = {}): Tensor => applyOp(sortOp, [x], options)[0]!;

/** `key` sorted along `axis`, and the other tensors in the same order. */
export const sortWith = (key: Tensor, payloads: readonly Tensor[], options: SortOptions = {}): readonly Tensor[] =>
  applyOp(sortOp, [key, ...payloads], options);

/** Where each entry of the sorted line stood: `takeAlong(x, argsort(x))` is `sort(x)`. int32, of the shape of `x`. */
export function argsort(x: Tensor, options: SortOptions = {}): Tensor {
  checkTensor("argsort", "x", x);
  checkOptions("argsort", options, ["axis", "descending"]);
  const { axis = -1 } = options;
  return applyOp(sortOp, [x, iota(x.shape, axis)], { ...options, axis })[1]!;
}

export const sortSamples = () =>
  samplesOf(sortOp, [
    [distinct([6])],
    [distinct([4, 5]), { axis: 0, descending: true }],
    [distinct([3, 4]), normal([3, 4]), integers([3, 4], 0, 9), { axis: 1 }],
    [integers([7], 0, 2), normal([7])],
    { operands: [ties([3, 5]), normal([3, 5])], kink: true },
    { operands: [values([1, NaN, -1, NaN, 0, -0], [6])], kink: true },
    [normal([0, 2]), { axis: 0 }],
  ]);

export const argsortSamples = () => samplesOf(argsort, [[distinct([5])], [ties([2, 6]), { descending: true }]]);
