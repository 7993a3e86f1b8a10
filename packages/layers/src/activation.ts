import type { Context, Tensor } from "@tenon/tensor";
import { type ActivationChoice, type ChosenActivation, chooseActivation } from "./activations.ts";
import { Layer } from "./layer.ts";
import { keepMask } from "./mask.ts";

/** An activation as a layer of its own. Shape is kept. */
export class Activation extends Layer {
  readonly #chosen: ChosenActivation;

  constructor(activation: ActivationChoice) {
    super();
    this.#chosen = chooseActivation("activation", activation);
  }

  override get kind(): string {
    return "activation";
  }

  override describe(): string {
    return `activation ${this.#chosen.name}`;
  }

  override forward(x: Tensor, _ctx: Context): Tensor {
    return keepMask(x, this.#chosen.apply(x));
  }
}

/** A layer of an activation: `activation("relu")`, or of any function of a tensor. */
export const activation = (choice: ActivationChoice): Activation => new Activation(choice);
