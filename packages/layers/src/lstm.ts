import {
  checkOptions,
  concat,
  type HostKey,
  lstmCell,
  matmul,
  ones,
  type Tensor,
  type Variable,
  variable,
} from "@tenon/tensor";
import { type ActivationChoice, type ChosenActivation, chooseActivation } from "./activations.ts";
import type { Parameter } from "./parameter.ts";
import { gatesOf, Recurrent, type RecurrentOptions, recurrentNames } from "./recurrent.ts";

export interface LstmOptions extends RecurrentOptions {
  /** Of the gates; `sigmoid` by default. */
  readonly recurrentActivation?: ActivationChoice;
  /** Whether the bias of the forget gate starts at 1, whatever `biasInit` says, so that it is open at first; true by default. */
  readonly unitForgetBias?: boolean;
}

const cell = { kind: "lstm", gates: 4, states: 2 };

/**
 * Long short-term memory. With the gates `i, f, g, o = split(x·kernel + h·recurrentKernel + bias)`,
 * `c′ = σ(f)·c + σ(i)·tanh(g)` and `h′ = σ(o)·tanh(c′)`. (N, T, in) → (N, units), or (N, T, units) with `returnSequences`;
 * its state is `[h, c]`.
 *
 * The columns of the kernels are in Keras's order, input, forget, candidate, output, which is PyTorch's too; that keeps the
 * kernels transposed, and has two biases that are added. Hochreiter & Schmidhuber 1997, Long short-term memory; Gers,
 * Schmidhuber & Cummins 2000, Learning to forget; the bias of the forget gate: Jozefowicz, Zaremba & Sutskever 2015, An
 * empirical exploration of recurrent network architectures.
 */
export class Lstm<Y = Tensor> extends Recurrent<Y> {
  declare readonly options: LstmOptions;
  readonly #recurrentActivation: ChosenActivation;

  constructor(units: number, options: LstmOptions = {}) {
    checkOptions(cell.kind, options, [...recurrentNames, "recurrentActivation", "unitForgetBias"]);
    super(cell, units, options);
    this.#recurrentActivation = chooseActivation(cell.kind, options.recurrentActivation ?? "sigmoid");
  }

  protected override makeBias(init: Parameter, key: HostKey, size: number): Variable {
    const { unitForgetBias = true, biasInit } = this.options;
    const { units } = this;
    if (!unitForgetBias) return init.make(key, [size]);
    if (biasInit === undefined)
      return variable(Float32Array.from({ length: size }, (_, i) => +(i >= units && i < 2 * units)));
    const [input, , ...rest] = gatesOf(init.make(key, [size]).value, 4);
    return variable(concat([input!, ones([units]), ...rest]));
  }

  protected override step(z: Tensor, [h, c]: readonly Tensor[], seen: Tensor): readonly Tensor[] {
    const kernel = this.recurrentKernel.value;
    const [{ apply: gate, name }, { apply: activate }] = [this.#recurrentActivation, this.activation];
    if (seen === h && name === "sigmoid" && this.activation.name === "tanh") return lstmCell(z, h!, c!, kernel);
    const [i, f, g, o] = gatesOf(z.add(matmul(seen, kernel)), 4);
    const next = gate(f!)
      .mul(c!)
      .add(gate(i!).mul(activate(g!)));
    return [gate(o!).mul(activate(next)), next];
  }

  override reversed(): Lstm<Y> {
    return new Lstm(this.units, { ...this.options, goBackwards: !this.options.goBackwards });
  }
}

/** Long short-term memory: `lstm(128, { returnSequences: true })`. With `returnState` it gives `[y, h, c]`. */
export function lstm(
  units: number,
  options: LstmOptions & { readonly returnState: true },
): Lstm<readonly [y: Tensor, h: Tensor, c: Tensor]>;
export function lstm(units: number, options?: LstmOptions): Lstm;
export function lstm(units: number, options?: LstmOptions): Lstm<any> {
  return new Lstm(units, options);
}
