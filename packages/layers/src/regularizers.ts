import { checkOptions, OptionError, type Tensor, type Variable, valueText, zeros } from "@tenon/tensor";
import { checkNumber } from "./check.ts";
import type { AnyLayer } from "./layer.ts";
import { survey } from "./state.ts";

/** A term of the loss for the values of a Variable: one number. */
export type Regularizer = (value: Tensor) => Tensor;

/** `amount · Σ|w|`, which drives weights to exactly zero. 0.01 by default, as in Keras. Tibshirani 1996, the lasso. */
export function l1(amount = 0.01): Regularizer {
  return l1l2({ l1: amount, l2: 0 });
}

/**
 * `amount · Σ w²`, which keeps weights small. 0.01 by default, as in Keras.
 *
 * PyTorch's `weight_decay: d` adds `d·w` to the gradient, which is `l2(d / 2)`.
 */
export function l2(amount = 0.01): Regularizer {
  return l1l2({ l1: 0, l2: amount });
}

/** `l1 · Σ|w| + l2 · Σ w²`; each 0.01 by default, as in Keras. Zou & Hastie 2005, the elastic net. */
export function l1l2(options: { readonly l1?: number; readonly l2?: number } = {}): Regularizer {
  checkOptions("l1l2", options, ["l1", "l2"]);
  const { l1 = 0.01, l2 = 0.01 } = options;
  checkNumber("l1l2", "l1", l1, 0, Infinity);
  checkNumber("l1l2", "l2", l2, 0, Infinity);
  return (value) => {
    const absolute = value.abs().sum().mul(l1);
    const squared = value.square().sum().mul(l2);
    return l2 === 0 ? absolute : l1 === 0 ? squared : absolute.add(squared);
  };
}

/** The term of a Variable, none where there is no regulariser or the Variable is frozen. */
export function penalty(variable: Variable | null, regularizer: Regularizer | undefined): readonly Tensor[] {
  return variable?.trainable && regularizer !== undefined ? [regularizer(variable.value)] : [];
}

/** Refuses what is no regulariser. */
export function checkRegularizer(kind: string, option: string, given: unknown): void {
  if (given === undefined || typeof given === "function") return;
  throw new OptionError("E803", kind, `${option} is ${valueText(given)}, which is no regulariser`, {
    fix: `make one of the number, as in ${option}: l2(1e-4)`,
  });
}

/**
 * What the regularisers of a layer, and of all below it, add to the loss: `loss.add(regularization(net))`. Zero where there
 * are none. Frozen Variables are left out.
 */
export function regularization(layer: AnyLayer): Tensor {
  const terms = [...survey(layer).layers.keys()].flatMap((l) => l.penalties());
  return terms.length === 0 ? zeros([]) : terms.reduce((sum, term) => sum.add(term));
}
