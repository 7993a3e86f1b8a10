import { checkOptions, gruCell, type HostKey, matmul, sub, type Tensor, type Variable } from "@tenon/tensor";
import { type ActivationChoice, type ChosenActivation, chooseActivation } from "./activations.ts";
import type { Parameter } from "./parameter.ts";
import { gatesOf, Recurrent, type RecurrentOptions, recurrentNames } from "./recurrent.ts";

export interface GruOptions extends RecurrentOptions {
  /** Of the gates; `sigmoid` by default. */
  readonly recurrentActivation?: ActivationChoice;
  /** Whether the reset gate comes after the product with the state, as in cuDNN and PyTorch, and not before it; true by default. */
  readonly resetAfter?: boolean;
}

const cell = { kind: "gru", gates: 3, states: 1 };

/**
 * Gated recurrent unit. With the update gate `u`, the reset gate `r` and the candidate `g`, `h′ = u·h + (1 − u)·g`, where
 * `u = σ(x·W_u + h·K_u + b_u)`, `r = σ(x·W_r + h·K_r + b_r)` and `g = tanh(x·W_g + b_g + r·(h·K_g + b′_g))`, or without
 * `resetAfter` `g = tanh(x·W_g + b_g + (r·h)·K_g)`. (N, T, in) → (N, units), or (N, T, units) with `returnSequences`; its
 * state is one tensor.
 *
 * The columns of the kernels are in Keras's order, update, reset, candidate. PyTorch's are reset, update, candidate, and it
 * keeps the kernels transposed; its two biases are the rows of `bias`. Cho et al. 2014, Learning phrase representations
 * using RNN encoder-decoder for statistical machine translation, arXiv:1406.1078.
 */
export class Gru<Y = Tensor> extends Recurrent<Y> {
  declare readonly options: GruOptions;
  readonly #recurrentActivation: ChosenActivation;
  readonly #resetAfter: boolean;

  constructor(units: number, options: GruOptions = {}) {
    checkOptions(cell.kind, options, [...recurrentNames, "recurrentActivation", "resetAfter"]);
    super(cell, units, options);
    this.#recurrentActivation = chooseActivation(cell.kind, options.recurrentActivation ?? "sigmoid");
    this.#resetAfter = options.resetAfter ?? true;
  }

  /** With `resetAfter` (2, 3·units): that of the input, and that of the state. */
  protected override makeBias(init: Parameter, key: HostKey, size: number): Variable {
    return init.make(key, this.#resetAfter ? [2, size] : [size]);
  }

  protected override inputBias(): Tensor | undefined {
    return this.#resetAfter ? this.#biasRow(0) : this.bias?.value;
  }

  #biasRow(row: number): Tensor | undefined {
    return this.bias?.value.sliceAxis(0, row, row + 1).squeeze(0);
  }

  protected override step(z: Tensor, [h]: readonly Tensor[], seen: Tensor): readonly Tensor[] {
    const kernel = this.recurrentKernel.value;
    const bias = this.#resetAfter ? this.#biasRow(1) : undefined;
    const [{ apply: gate, name }, { apply: activate }] = [this.#recurrentActivation, this.activation];
    if (seen === h && name === "sigmoid" && this.activation.name === "tanh")
      return [gruCell(z, h!, kernel, bias, { resetAfter: this.#resetAfter })];
    const [zu, zr, zg] = gatesOf(z, 3);
    const [ku, kr, kg] = gatesOf(kernel, 3);
    const [bu, br, bg] = bias === undefined ? [0, 0, 0] : gatesOf(bias, 3);
    const u = gate(zu!.add(matmul(seen, ku!)).add(bu!));
    const r = gate(zr!.add(matmul(seen, kr!)).add(br!));
    const fromState = this.#resetAfter ? r.mul(matmul(seen, kg!).add(bg!)) : matmul(r.mul(seen), kg!);
    return [u.mul(h!).add(sub(1, u).mul(activate(zg!.add(fromState))))];
  }

  override reversed(): Gru<Y> {
    return new Gru(this.units, { ...this.options, goBackwards: !this.options.goBackwards });
  }
}

/** Gated recurrent unit: `gru(64)`. With `returnState` it gives `[y, h]`. */
export function gru(
  units: number,
  options: GruOptions & { readonly returnState: true },
): Gru<readonly [y: Tensor, h: Tensor]>;
export function gru(units: number, options?: GruOptions): Gru;
export function gru(units: number, options?: GruOptions): Gru<any> {
  return new Gru(units, options);
}
