import {
  checkOptions,
  exp,
  expm1,
  gelu,
  greater,
  type LinearActivation,
  logSoftmax,
  minimum,
  relu,
  select,
  sigmoid,
  silu,
  softmax,
  softplus,
  type Tensor,
  tanh,
} from "@tenon/tensor";
import { byName, keyOf } from "./check.ts";

/**
 * Leaky rectifier: `x` where it is positive, `slope·x` elsewhere. Shape is kept.
 *
 * Maas, Hannun & Ng 2013, Rectifier nonlinearities improve neural network acoustic models. The slope is the paper's and
 * PyTorch's 0.01; Keras has 0.2 for the function and 0.3 for the layer.
 */
export function leakyRelu(x: Tensor, options: { readonly slope?: number } = {}): Tensor {
  checkOptions("leakyRelu", options, ["slope"]);
  const { slope = 0.01 } = options;
  return select(greater(x, 0), x, x.mul(slope));
}

/**
 * Exponential linear unit: `x` where it is positive, `alpha·(exp(x) − 1)` elsewhere. Shape is kept.
 *
 * Clevert, Unterthiner & Hochreiter 2015, arXiv:1511.07289, eq. 16.
 */
export function elu(x: Tensor, options: { readonly alpha?: number } = {}): Tensor {
  checkOptions("elu", options, ["alpha"]);
  const { alpha = 1 } = options;
  const positive = greater(x, 0);
  return select(positive, x, expm1(select(positive, 0, x)).mul(alpha)); // no exponential of a large x, whose slope would be ∞·0
}

// Fixed point of mean 0 and variance 1: eq. 14 of the paper, with more digits.
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/**
 * Scaled exponential linear unit, `1.0507·elu(x, alpha 1.6733)`, which keeps mean 0 and variance 1 through layers whose
 * weights start `lecunNormal`. Shape is kept.
 *
 * Klambauer, Unterthiner, Mayr & Hochreiter 2017, Self-normalizing neural networks, arXiv:1706.02515, eq. 2.
 */
export const selu = (x: Tensor): Tensor => elu(x, { alpha: SELU_ALPHA }).mul(SELU_SCALE);

/** Rectifier with a ceiling, `min(max(x, 0), 6)`. Shape is kept. Howard et al. 2017, MobileNets, arXiv:1704.04861. */
export const relu6 = (x: Tensor): Tensor => minimum(relu(x), 6);

/** `x·tanh(softplus(x))`. Shape is kept. Misra 2019, Mish, arXiv:1908.08681, eq. 2. */
export const mish = (x: Tensor): Tensor => x.mul(softplus(x).tanh());

/** `x / (1 + |x|)`, which nears ±1 more slowly than tanh. Shape is kept. Bergstra et al. 2009, Quadratic features. */
export const softsign = (x: Tensor): Tensor => x.div(x.abs().add(1));

/** Sigmoid of straight lines, `min(max(x + 3, 0), 6) / 6`, as in Keras 3 and PyTorch. Shape is kept. */
export const hardSigmoid = (x: Tensor): Tensor => relu6(x.add(3)).div(6);

/** Tanh of straight lines, `min(max(x, −1), 1)`. Shape is kept. */
export const hardTanh = (x: Tensor): Tensor => x.clamp(-1, 1);

/** `x·hardSigmoid(x)`, also called hard swish. Shape is kept. Howard et al. 2019, Searching for MobileNetV3, arXiv:1905.02244, section 5.2. */
export const hardSilu = (x: Tensor): Tensor => x.mul(hardSigmoid(x));

/** `x` itself. */
export const identity = (x: Tensor): Tensor => x;

/** Activations by name. */
export const activations = {
  linear: identity,
  relu,
  relu6,
  leakyRelu,
  elu,
  selu,
  gelu,
  silu,
  hardSilu,
  mish,
  softplus,
  softsign,
  tanh,
  hardTanh,
  sigmoid,
  hardSigmoid,
  exponential: exp,
  softmax,
  logSoftmax,
} satisfies Record<string, (x: Tensor) => Tensor>;

export type ActivationName = keyof typeof activations;

/** An activation: by its name, or any function from a tensor to one of the same shape, such as `(x) => leakyRelu(x, { slope: 0.2 })`. */
export type ActivationChoice = ActivationName | ((x: Tensor) => Tensor);

/** Those that a matrix product can compute before it stores its result. */
const epilogues: Partial<Readonly<Record<string, LinearActivation>>> = {
  linear: "none",
  relu: "relu",
  gelu: "gelu",
  silu: "silu",
  softplus: "softplus",
  tanh: "tanh",
  sigmoid: "sigmoid",
};

export interface ChosenActivation {
  readonly name: string;
  readonly apply: (x: Tensor) => Tensor;
  /** How `linear` calls it, if it knows it. */
  readonly epilogue: LinearActivation | undefined;
}

/** The activation that an option names. */
export function chooseActivation(kind: string, given: ActivationChoice): ChosenActivation {
  const apply = byName<(x: Tensor) => Tensor>(kind, "activation", given, activations);
  const known = keyOf(activations, apply);
  return { name: known ?? (apply.name || "function"), apply, epilogue: epilogues[known ?? ""] };
}
