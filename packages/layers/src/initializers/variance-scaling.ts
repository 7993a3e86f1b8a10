import { type HostKey, hostUniform, type Tensor, tensor } from "@tenon/tensor";
import { truncatedValues } from "./random.ts";
import { sizeOf } from "./values.ts";

/**
 * How many inputs an output of a kernel has, and how many outputs an input. (…, in, out): the axes before those are the
 * window of a convolution, and count in both.
 */
export function fans(shape: readonly number[]): { readonly fanIn: number; readonly fanOut: number } {
  if (shape.length < 2) return { fanIn: shape[0] ?? 1, fanOut: shape[0] ?? 1 };
  const window = sizeOf(shape.slice(0, -2));
  return { fanIn: window * shape.at(-2)!, fanOut: window * shape.at(-1)! };
}

const TRUNCATED = 0.8796256610342398; // standard deviation of the standard normal distribution cut at ±2

function uniformOf(key: HostKey, shape: readonly number[], variance: number): Tensor {
  const limit = Math.sqrt(3 * variance);
  return tensor(hostUniform(key, sizeOf(shape), { low: -limit, high: limit }), { shape });
}

function normalOf(key: HostKey, shape: readonly number[], variance: number): Tensor {
  return tensor(truncatedValues(key, sizeOf(shape), 0, Math.sqrt(variance) / TRUNCATED), { shape });
}

// A kernel with no inputs or outputs has no values either; 1 keeps the variance finite.
const perInput = (shape: readonly number[]): number => 1 / Math.max(1, fans(shape).fanIn);
const perBoth = (shape: readonly number[]): number => 2 / Math.max(1, fans(shape).fanIn + fans(shape).fanOut);

/**
 * Uniform with variance `2/(in + out)`, so that signals and gradients keep their size through tanh layers.
 *
 * Glorot & Bengio 2010, Understanding the difficulty of training deep feedforward neural networks, eq. 16.
 */
export function glorotUniform(key: HostKey, shape: readonly number[]): Tensor {
  return uniformOf(key, shape, perBoth(shape));
}

/** Normal with variance `2/(in + out)`, cut at two standard deviations, as in Keras; PyTorch's is not cut. Glorot & Bengio 2010. */
export function glorotNormal(key: HostKey, shape: readonly number[]): Tensor {
  return normalOf(key, shape, perBoth(shape));
}

/**
 * Uniform with variance `2/in`, which makes up for the half that relu sets to zero.
 *
 * He, Zhang, Ren & Sun 2015, Delving deep into rectifiers, arXiv:1502.01852, eq. 10.
 */
export function heUniform(key: HostKey, shape: readonly number[]): Tensor {
  return uniformOf(key, shape, 2 * perInput(shape));
}

/** Normal with variance `2/in`, cut at two standard deviations, as in Keras. He et al. 2015, arXiv:1502.01852, eq. 10. */
export function heNormal(key: HostKey, shape: readonly number[]): Tensor {
  return normalOf(key, shape, 2 * perInput(shape));
}

/** Uniform with variance `1/in`. LeCun, Bottou, Orr & Müller 1998, Efficient backprop, eq. 16. */
export function lecunUniform(key: HostKey, shape: readonly number[]): Tensor {
  return uniformOf(key, shape, perInput(shape));
}

/** Normal with variance `1/in`, cut at two standard deviations, as in Keras; what `selu` asks for. LeCun et al. 1998, eq. 16. */
export function lecunNormal(key: HostKey, shape: readonly number[]): Tensor {
  return normalOf(key, shape, perInput(shape));
}
