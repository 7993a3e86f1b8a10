import { int, resultShape } from "../attrs.ts";
import type { Meaning } from "../beside.ts";
import { applyOp, opRecord } from "../op.ts";
import { convertTo, splat, toTensor } from "../promote.ts";
import type { Operand, OpRecord } from "../record.ts";
import { fail, failDType } from "../rule.ts";
import { samplesOf, values } from "../sample.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { countOf } from "../strided.ts";
import { Tensor } from "../tensor.ts";
import { add } from "./arithmetic.ts";
import { or, shl, shr, xor } from "./bits.ts";
import { stack } from "./concat.ts";
import { iota } from "./constant.ts";
import { checkKey } from "./key.ts";
import { reshape } from "./reshape.ts";
import { sliceAxis } from "./slice.ts";
import { numberWords, threefry, type Words } from "./threefry.ts";

const tensorWords: Words<Tensor> = {
  add: (x, y) => add(x, y),
  xor: (x, y) => xor(x, y),
  rotate: (x, bits) => or(shl(x, bits), shr(x, 32 - bits)),
  constant: (value) => splat(value, [], "uint32"),
};

// The first word of the counter keeps the streams of one key apart.
const BITS = 0;
const SPLIT = 1;
const FOLD = 2;

const keyWord = (key: Tensor, i: number): Tensor => reshape(sliceAxis(key, 0, i, i + 1), []);

const hash = (key: Tensor, stream: number, counter: Tensor): readonly [Tensor, Tensor] =>
  threefry(tensorWords, [keyWord(key, 0), keyWord(key, 1)], [tensorWords.constant(stream), counter]);

/**
 * Random words of 32 bits: word `i`, in row-major order, is the first word of threefry(key, (0, i)). The same on every
 * backend.
 */
export const rngBitsOp: OpRecord = opRecord({
  name: "rng.bits",
  version: 1,
  numeric: "exact",
  inputs: ["key"],
  attrs: { shape: resultShape() },
  type([key], { shape }) {
    checkKey(key);
    return { dtype: "uint32", shape };
  },
  decompose: ([key], { shape }) => reshape(hash(key, BITS, iota([sizeOf(shape)], 0, "uint32"))[0], shape),
});

export const rngBitsMeaning: Meaning<["key"]> = ([{ data: key }], _attrs, [type]) => {
  const out = new Float64Array(countOf(type!.shape));
  for (let i = 0; i < out.length; i++) out[i] = threefry(numberWords, [key[0]!, key[1]!], [BITS, i])[0];
  return out;
};

/** Keys made from one: child `j` is both words of threefry(key, (1, j)). uint32 [2] → [n, 2] */
export const rngSplitOp: OpRecord = opRecord({
  name: "rng.split",
  version: 1,
  numeric: "exact",
  inputs: ["key"],
  attrs: { n: int({ min: 0, fallback: 2 }) },
  type([key], { n }) {
    checkKey(key);
    return { dtype: "uint32", shape: [n, 2] };
  },
  decompose: ([key], { n }) => stack(hash(key, SPLIT, iota([n], 0, "uint32")), { axis: 1 }),
});

/** A key made from a key and a number: both words of threefry(key, (2, data)). `data` is an int32 or uint32 of rank 0. */
export const rngFoldInOp: OpRecord = opRecord({
  name: "rng.fold_in",
  version: 1,
  numeric: "exact",
  inputs: ["key", "data"],
  type([key, data]) {
    checkKey(key);
    if (data.dtype !== "int32" && data.dtype !== "uint32")
      failDType(`data is ${data.dtype} where int32 or uint32 is wanted`, "convert it");
    if (data.shape.length > 0) fail("E206", `data has rank ${data.shape.length}, not 0`);
    return { dtype: "uint32", shape: [2] };
  },
  decompose: ([key, data]) => stack(hash(key, FOLD, convertTo(data, "uint32"))),
});

/** Random words of 32 bits. */
export const randomBits = (key: Tensor, shape: Shape): Tensor => applyOp(rngBitsOp, [key], { shape })[0]!;

/** `n` keys that are independent of each other and of the one they come from. uint32 [2] → [n, 2] */
export const splitKey = (key: Tensor, n = 2): Tensor => applyOp(rngSplitOp, [key], { n })[0]!;

/** A key that belongs to `key` and the number `data`: of a step, a layer, an example. */
export const foldIn = (key: Tensor, data: Operand): Tensor =>
  applyOp(rngFoldInOp, [key, data instanceof Tensor ? data : toTensor("foldIn", data, "uint32")])[0]!;

const sampleKey = () => values([7, 2 ** 32 - 9], [2], "uint32");

export const rngBitsSamples = () =>
  samplesOf(rngBitsOp, [
    [sampleKey(), { shape: [5] }],
    [sampleKey(), { shape: [2, 3] }],
    [sampleKey(), { shape: [] }],
    [sampleKey(), { shape: [0] }],
  ]);

export const rngSplitSamples = () =>
  samplesOf(rngSplitOp, [[sampleKey()], [sampleKey(), { n: 5 }], [sampleKey(), { n: 0 }]]);

export const rngFoldInSamples = () =>
  samplesOf(rngFoldInOp, [
    [sampleKey(), values([7], [], "uint32")],
    [sampleKey(), values([-1], [], "int32")],
  ]);
