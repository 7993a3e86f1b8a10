import {
  checkOptions,
  type HostKey,
  hostBits,
  hostErfinv,
  hostNormal,
  hostUniform,
  OptionError,
  type Tensor,
  tensor,
} from "@tenon/tensor";
import { checkNumber } from "../check.ts";
import { named, sizeOf } from "./values.ts";

type Values = (key: HostKey, shape: readonly number[]) => Tensor;

/** Numbers from `low` to `high`, all equally likely; −0.05 to 0.05 by default, as in Keras. */
export function uniform(options: { readonly low?: number; readonly high?: number } = {}): Values {
  checkOptions("uniform", options, ["low", "high"]);
  const { low = -0.05, high = 0.05 } = options;
  if (!(low <= high)) throw new OptionError("E803", "uniform", `low is ${low} but high is ${high}`);
  return named(`uniform(${low}, ${high})`, (key, shape) =>
    tensor(hostUniform(key, sizeOf(shape), { low, high }), { shape }),
  );
}

export interface NormalOptions {
  /** 0 by default. */
  readonly mean?: number;
  /** Standard deviation; 0.05 by default, as in Keras. */
  readonly stddev?: number;
}

function settings(op: string, options: NormalOptions): Required<NormalOptions> {
  checkOptions(op, options, ["mean", "stddev"]);
  const { mean = 0, stddev = 0.05 } = options;
  checkNumber(op, "mean", mean, -Infinity, Infinity);
  checkNumber(op, "stddev", stddev, 0, Infinity);
  return { mean, stddev };
}

/** Numbers of a normal distribution. */
export function normal(options: NormalOptions = {}): Values {
  const { mean, stddev } = settings("normal", options);
  return named(`normal(${mean}, ${stddev})`, (key, shape) =>
    tensor(
      hostNormal(key, sizeOf(shape)).map((x) => x * stddev + mean),
      { shape },
    ),
  );
}

const TWO_SIGMA = 0.9544997361036416; // erf(√2): the share of a normal distribution within two standard deviations

/** Numbers of a normal distribution of which only the part within two standard deviations of the mean is used. */
export function truncatedNormal(options: NormalOptions = {}): Values {
  const { mean, stddev } = settings("truncatedNormal", options);
  return named(`truncatedNormal(${mean}, ${stddev})`, (key, shape) =>
    tensor(truncatedValues(key, sizeOf(shape), mean, stddev), { shape }),
  );
}

/** By the inverse of the distribution function, each rounded once to float32. */
export function truncatedValues(key: HostKey, n: number, mean: number, stddev: number): Float32Array {
  return Float32Array.from(hostBits(key, n), (word) => {
    const u = (2 * word + 1) * 2 ** -32 - 1; // the middle of one of 2³² equal parts of (−1, 1)
    return Math.SQRT2 * hostErfinv(u * TWO_SIGMA) * stddev + mean;
  });
}
