import { axisPairs, choice, dtypeAttr } from "../attrs.ts";
import type { Batching, Jvp, Meaning } from "../beside.ts";
import { sameDim } from "../dim.ts";
import { accumulator, type DType, isFloat } from "../dtype.ts";
import { roundToDType, tf32Value, wrapInteger } from "../number.ts";
import { applyOp, opRecord } from "../op.ts";
import type { Elements, OpRecord } from "../record.ts";
import { accepts, fail, failDType } from "../rule.ts";
import { integers, normal, samplesOf } from "../sample.ts";
import { countOf, stridedRead, stridesOf } from "../strided.ts";
import type { Tensor } from "../tensor.ts";
import { transpose } from "./move.ts";
import { checkAccumulator } from "./reduce.ts";

type Pairs = readonly [readonly number[], readonly number[]];

/**
 * How factors are rounded before they are multiplied, to the nearest and ties to even: not at all, to tf32's 10 bits of
 * fraction, or to bfloat16.
 */
export type Precision = "same" | "tf32" | "bf16";

/**
 * Sum of products over the `contract` axes, for each index of the `batch` axes and of the free axes of both.
 * batch + free(a) + free(b)
 *
 * Products are added up in `acc`. A backend may compute more precisely than `acc` and `mul` ask, never less.
 */
export const dotOp: OpRecord = opRecord({
  name: "dot",
  version: 1,
  numeric: "accumulate",
  inputs: ["a", "b"],
  attrs: {
    contract: axisPairs(),
    batch: axisPairs([[], []]),
    acc: dtypeAttr((args) => accumulator(args[0]!.dtype)),
    mul: choice<Precision>(["same", "tf32", "bf16"], "same"),
  },
  type([a, b], { contract, batch, acc, mul }) {
    if (a.dtype !== b.dtype) failDType(`a is ${a.dtype} but b is ${b.dtype}`, "convert one of them");
    if (!accepts("number", a.dtype)) failDType("bool cannot be multiplied", "convert to a number type");
    if (mul !== "same" && a.dtype !== "float32") failDType(`mul ${mul} is a precision of float32, not of ${a.dtype}`);
    checkAccumulator(a.dtype, acc);
    [a, b].forEach((x, side) => {
      const used = [...batch[side]!, ...contract[side]!];
      if (new Set(used).size !== used.length || used.some((i) => i >= x.shape.length)) {
        fail("E205", `[${used.join(", ")}] are not different axes of ${"ab"[side]}, which has rank ${x.shape.length}`);
      }
    });
    for (const [word, pairs] of [
      ["contract", contract],
      ["batch", batch],
    ] as const) {
      pairs[0].forEach((i, n) => {
        const j = pairs[1][n]!;
        if (!sameDim(a.shape[i]!, b.shape[j]!)) {
          fail("E204", `${word} axes differ: axis ${i} of a is ${a.shape[i]} but axis ${j} of b is ${b.shape[j]}`);
        }
      });
    }
    const [freeA, freeB] = freeAxes([a, b], contract, batch);
    return {
      dtype: a.dtype,
      shape: [...batch[0].map((i) => a.shape[i]!), ...freeA.map((i) => a.shape[i]!), ...freeB.map((i) => b.shape[i]!)],
    };
  },
  vjp([a, b], _results, [dy], { contract, batch, acc, mul }) {
    const flip = ([x, y]: Pairs): Pairs => [y, x];
    const [freeA, freeB] = freeAxes([a, b], contract, batch);
    return [
      otherFactor(dy, b, { own: [freeA, freeB], contract, batch, first: true, acc, mul }),
      otherFactor(dy, a, { own: [freeB, freeA], contract: flip(contract), batch: flip(batch), first: false, acc, mul }),
    ];
  },
});

export const dotJvp: Jvp<["a", "b"]> = ([a, b], [da, db], _results, attrs) => {
  const left = da && applyOp(dotOp, [da, b], attrs)[0]!;
  const right = db && applyOp(dotOp, [a, db], attrs)[0]!;
  return left === null || right === null ? (left ?? right) : left.add(right);
};

export const dotBatching: Batching<["a", "b"]> = ([a, b], [ofA, ofB], { contract, batch, acc, mul }) => {
  const later = (list: readonly number[], by: boolean): readonly number[] => (by ? list.map((i) => i + 1) : list);
  const shift = ([x, y]: Pairs): Pairs => [later(x, ofA), later(y, ofB)];
  const inner = shift(batch);
  const both = ofA && ofB;
  const attrs = {
    contract: shift(contract),
    batch: both
      ? [
          [0, ...inner[0]],
          [0, ...inner[1]],
        ]
      : inner,
    acc,
    mul,
  };
  const y = applyOp(dotOp, [a, b], attrs)[0]!;
  if (both) return y;
  // the batch axis is a free axis of its operand, and the first of them
  const at = ofA ? batch[0].length : a.rank - contract[0].length;
  return transpose(y, [at, ...y.shape.flatMap((_, i) => (i === at ? [] : [i]))]);
};

export const dotMeaning: Meaning<["a", "b"]> = ([x, y], { contract, batch, mul }) => {
  const [a, b] = [roundedFactors(x, mul), roundedFactors(y, mul)];
  const [freeA, freeB] = freeAxes([a, b], contract, batch);
  const count = (x: Elements, list: readonly number[]): number => countOf(list.map((i) => x.shape[i]!));
  const sizes = {
    batch: count(a, batch[0]),
    rows: count(a, freeA),
    inner: count(a, contract[0]),
    columns: count(b, freeB),
  };
  return multiply(
    permuted(a, [...batch[0], ...freeA, ...contract[0]]),
    permuted(b, [...batch[1], ...contract[1], ...freeB]),
    sizes,
    a.dtype,
  );
};

function roundedFactors(x: Elements, mul: Precision): Elements {
  if (mul === "same") return x;
  return { ...x, data: x.data.map((v) => (mul === "tf32" ? tf32Value(v) : roundToDType("bfloat16", v))) };
}

/** Axes of a and of b that are neither contracted nor batch axes, in their order. */
function freeAxes(
  operands: readonly { readonly shape: readonly unknown[] }[],
  contract: Pairs,
  batch: Pairs,
): [number[], number[]] {
  const [a, b] = operands.map((x, side) =>
    x.shape.flatMap((_, i) => (contract[side]!.includes(i) || batch[side]!.includes(i) ? [] : [i])),
  );
  return [a!, b!];
}

interface Roles {
  /** Free axes of the factor that is wanted, and of the other. */
  readonly own: Pairs;
  /** Wanted factor first. */
  readonly contract: Pairs;
  readonly batch: Pairs;
  /** Whether the wanted factor is a. */
  readonly first: boolean;
  readonly acc: DType;
  readonly mul: Precision;
}

/** Cotangent of one factor: `dy` contracted with the other over the other's free axes, in the factor's order of axes. */
function otherFactor(
  dy: Tensor,
  other: Tensor,
  { own: [free, theirs], contract, batch, first, acc, mul }: Roles,
): Tensor {
  const depth = batch[0].length;
  const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);
  const theirsInDy = range(first ? depth + free.length : depth, theirs.length);
  // dy stands on the side on which its free axes come out where the factor has them, as a rule without a transpose
  const sides = <T>(x: T, y: T): readonly [T, T] => (first ? [x, y] : [y, x]);
  const product = applyOp(dotOp, sides(dy, other), {
    contract: sides(theirsInDy, theirs),
    batch: sides<readonly number[]>(range(0, depth), batch[1]),
    acc,
    mul,
  })[0]!;
  const contracted = contract[1].map((axis, n) => ({ axis, own: contract[0][n]! })).sort((s, t) => s.axis - t.axis);
  const order = [
    ...batch[0],
    ...sides<readonly number[]>(
      free,
      contracted.map((c) => c.own),
    ).flat(),
  ];
  return transpose(
    product,
    order.map((_, i) => order.indexOf(i)),
  );
}

function permuted(x: Elements, order: readonly number[]): Float64Array {
  const strides = stridesOf(x.shape);
  return stridedRead(
    x.data,
    order.map((i) => x.shape[i]!),
    order.map((i) => strides[i]!),
  );
}

interface Sizes {
  readonly batch: number;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

/** (batch, rows, inner) times (batch, inner, columns). */
function multiply(
  a: Float64Array,
  b: Float64Array,
  { batch, rows, inner, columns }: Sizes,
  dtype: DType,
): Float64Array {
  const out = new Float64Array(batch * rows * columns);
  const float = isFloat(dtype);
  for (let n = 0; n < batch; n++) {
    for (let i = 0; i < rows; i++) {
      const row = (n * rows + i) * columns;
      for (let k = 0; k < inner; k++) {
        const x = a[(n * rows + i) * inner + k]!;
        const from = (n * inner + k) * columns;
        if (float) for (let j = 0; j < columns; j++) out[row + j]! += x * b[from + j]!;
        else
          for (let j = 0; j < columns; j++)
            out[row + j] = wrapInteger(dtype, out[row + j]! + Math.imul(x, b[from + j]!));
      }
    }
  }
  return out;
}

export const dotSamples = () =>
  samplesOf(dotOp, [
    [normal([3, 4]), normal([4, 2]), { contract: [[1], [0]] }],
    [normal([4, 3]), normal([2, 4]), { contract: [[0], [1]] }],
    [normal([2, 3, 4]), normal([2, 4, 5]), { contract: [[2], [1]], batch: [[0], [0]] }],
    [normal([3, 2, 4]), normal([4, 5, 2]), { contract: [[2], [0]], batch: [[1], [2]] }],
    [
      normal([2, 3, 4]),
      normal([5, 4, 3]),
      {
        contract: [
          [1, 2],
          [2, 1],
        ],
      },
    ],
    [normal([2, 3]), normal([4]), { contract: [[], []] }],
    [normal([5]), normal([5]), { contract: [[0], [0]] }],
    [normal([]), normal([]), { contract: [[], []] }],
    [normal([3, 0]), normal([0, 2]), { contract: [[1], [0]] }],
    [normal([0, 3]), normal([3, 2]), { contract: [[1], [0]] }],
    { operands: [normal([2, 3]), normal([3, 2])], attrs: { contract: [[1], [0]], mul: "tf32" }, kink: true },
    { operands: [normal([2, 3]), normal([3, 2])], attrs: { contract: [[1], [0]], mul: "bf16" }, kink: true },
    [normal([2, 3], { dtype: "float64" }), normal([3, 2], { dtype: "float64" }), { contract: [[1], [0]] }],
    [normal([2, 3], { dtype: "float16" }), normal([3, 2], { dtype: "float16" }), { contract: [[1], [0]] }],
    [
      normal([2, 3], { dtype: "bfloat16" }),
      normal([3, 2], { dtype: "bfloat16" }),
      { contract: [[1], [0]], acc: "bfloat16" },
    ],
    [integers([2, 3], -99, 99, "int8"), integers([3, 2], -99, 99, "int8"), { contract: [[1], [0]] }],
    [integers([2, 3], -99999, 99999), integers([3, 2], -99999, 99999), { contract: [[1], [0]] }],
  ]);
