import { float, resultShape } from "../attrs.ts";
import type { DType } from "../dtype.ts";
import { checkOptions } from "../errors.ts";
import { applyOp, opRecord } from "../op.ts";
import { broadcastShape, convertTo, toTensor } from "../promote.ts";
import type { Operand, OpRecord } from "../record.ts";
import { failDType } from "../rule.ts";
import { samplesOf, uniform, values } from "../sample.ts";
import type { Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { bitcast } from "./cast.ts";
import { less } from "./compare.ts";
import { inverseErf } from "./inverse-erf.ts";
import { checkKey } from "./key.ts";
import { randomBits } from "./rng.ts";

const ONE = 0x3f800000; // the bits of 1 in float32

/** One of the 2²³ multiples of 2⁻²³ in [0, 1): the upper bits fill the fraction of a number from 1 to 2. */
const unit = (key: Tensor, shape: Shape): Tensor => bitcast(randomBits(key, shape).shr(9).or(ONE), "float32").sub(1);

/**
 * Evenly distributed float32 values, `low + (high − low)·u` with `u` in [0, 1); word `i` of `rng.bits` makes value `i`.
 * For bounds other than 0 and 1 rounding may reach `high`.
 */
export const rngUniformOp: OpRecord = opRecord({
  name: "rng.uniform",
  version: 1,
  numeric: "rounded",
  inputs: ["key"],
  attrs: { shape: resultShape(), low: float(0), high: float(1) },
  type([key], { shape }) {
    checkKey(key);
    return { dtype: "float32", shape };
  },
  decompose([key], { shape, low, high }) {
    const u = unit(key, shape);
    const scaled = high - low === 1 ? u : u.mul(high - low);
    return low === 0 ? scaled : scaled.add(low);
  },
});

/**
 * Normally distributed float32 values of mean 0 and variance 1, `√2·erf⁻¹(v)`.
 *
 * `v` is the middle of one of 2²³ equal parts of (−1, 1), which is exact in float32: no value is infinite, none is 0, and
 * none is beyond 5.3.
 */
export const rngNormalOp: OpRecord = opRecord({
  name: "rng.normal",
  version: 1,
  numeric: "transcendental",
  inputs: ["key"],
  attrs: { shape: resultShape() },
  type([key], { shape }) {
    checkKey(key);
    return { dtype: "float32", shape };
  },
  decompose([key], { shape }) {
    const v = unit(key, shape)
      .sub(0.5 - 2 ** -24)
      .mul(2);
    return inverseErf(v).mul(Math.SQRT2);
  },
});

/** True with probability `p`, a float32 tensor: `u < p` with `u` of `rng.uniform`. Shape of `p`. */
export const rngBernoulliOp: OpRecord = opRecord({
  name: "rng.bernoulli",
  version: 1,
  numeric: "exact",
  inputs: ["key", "p"],
  type([key, p]) {
    checkKey(key);
    if (p.dtype !== "float32") failDType(`p is ${p.dtype} where float32 is wanted`, "convert it");
    return { dtype: "bool", shape: p.shape };
  },
  decompose: ([key, p]) => less(unit(key, p.shape), p),
});

export interface UniformOptions {
  readonly low?: number;
  readonly high?: number;
  readonly dtype?: DType;
}

/** Values evenly distributed in [low, high), by default [0, 1). They are made in float32. */
export function randomUniform(key: Tensor, shape: Shape, given: UniformOptions = {}): Tensor {
  checkOptions("randomUniform", given, ["low", "high", "dtype"]);
  const { dtype = "float32", ...options } = given;
  return convertTo(applyOp(rngUniformOp, [key], { ...options, shape })[0]!, dtype);
}

export interface NormalOptions {
  readonly mean?: Operand;
  readonly std?: Operand;
  readonly dtype?: DType;
}

/** Normally distributed values, by default of mean 0 and standard deviation 1. They are made in float32. */
export function randomNormal(key: Tensor, shape: Shape, options: NormalOptions = {}): Tensor {
  checkOptions("randomNormal", options, ["mean", "std", "dtype"]);
  const { mean = 0, std = 1, dtype = "float32" } = options;
  const z = applyOp(rngNormalOp, [key], { shape })[0]!;
  const scaled = std === 1 ? z : z.mul(std);
  return convertTo(mean === 0 ? scaled : scaled.add(mean), dtype);
}

/** True with probability `p`, which broadcasts to `shape`. */
export const randomBernoulli = (key: Tensor, p: Operand, shape: Shape): Tensor =>
  applyOp(rngBernoulliOp, [key, broadcastShape(toTensor("randomBernoulli", p, "float32"), shape)])[0]!;

const sampleKey = () => values([7, 2 ** 32 - 9], [2], "uint32");

export const rngUniformSamples = () =>
  samplesOf(rngUniformOp, [
    [sampleKey(), { shape: [5] }],
    [sampleKey(), { shape: [2, 3], low: -1, high: 0.5 }],
    [sampleKey(), { shape: [0] }],
  ]);

export const rngNormalSamples = () =>
  samplesOf(rngNormalOp, [
    [sampleKey(), { shape: [64] }],
    [sampleKey(), { shape: [] }],
  ]);

export const rngBernoulliSamples = () =>
  samplesOf(rngBernoulliOp, [
    { operands: [sampleKey(), uniform([8], 0, 1)], kink: true },
    { operands: [sampleKey(), values([0, 1])], kink: true },
  ]);
