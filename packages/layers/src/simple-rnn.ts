import { checkOptions, matmul, type Tensor } from "@tenon/tensor";
import { Recurrent, type RecurrentOptions, recurrentNames } from "./recurrent.ts";

const cell = { kind: "simpleRNN", gates: 1, states: 1 };

/**
 * A recurrent layer without gates, `h′ = tanh(x·kernel + h·recurrentKernel + bias)`. (N, T, in) → (N, units), or
 * (N, T, units) with `returnSequences`; its state is one tensor.
 *
 * PyTorch's `RNN` has the kernels transposed, and two biases that are added. Elman 1990, Finding structure in time.
 */
export class SimpleRNN<Y = Tensor> extends Recurrent<Y> {
  constructor(units: number, options: RecurrentOptions = {}) {
    checkOptions(cell.kind, options, recurrentNames);
    super(cell, units, options);
  }

  protected override step(z: Tensor, _state: readonly Tensor[], seen: Tensor): readonly Tensor[] {
    return [this.activation.apply(z.add(matmul(seen, this.recurrentKernel.value)))];
  }

  override reversed(): SimpleRNN<Y> {
    return new SimpleRNN(this.units, { ...this.options, goBackwards: !this.options.goBackwards });
  }
}

/** A recurrent layer without gates: `simpleRNN(32)`. With `returnState` it gives `[y, h]`. */
export function simpleRNN(
  units: number,
  options: RecurrentOptions & { readonly returnState: true },
): SimpleRNN<readonly [y: Tensor, h: Tensor]>;
export function simpleRNN(units: number, options?: RecurrentOptions): SimpleRNN;
export function simpleRNN(units: number, options?: RecurrentOptions): SimpleRNN<any> {
  return new SimpleRNN(units, options);
}
