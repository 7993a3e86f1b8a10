import { type Context, checkOptions, type HostKey, type Tensor, type TensorType } from "@tenon/tensor";
import { type ActivationChoice, type ChosenActivation, chooseActivation } from "./activations.ts";
import { checkSize, fixedSize } from "./check.ts";
import { type Dense, dense } from "./dense.ts";
import type { InitializerChoice } from "./initializers/initializer.ts";
import { Layer } from "./layer.ts";
import type { Regularizer } from "./regularizers.ts";

export interface FeedForwardOptions {
  /** `relu` by default, as in Keras and PyTorch. */
  readonly activation?: ActivationChoice;
  /** Whether the activation of one map multiplies another; false by default. */
  readonly gated?: boolean;
  /** Whether biases are added; true by default. */
  readonly useBias?: boolean;
  /** `glorotUniform` by default. */
  readonly kernelInit?: InitializerChoice;
  /** `zeros` by default. */
  readonly biasInit?: InitializerChoice;
  readonly kernelRegularizer?: Regularizer;
  readonly biasRegularizer?: Regularizer;
}

export const feedForwardNames = [
  ...["activation", "gated", "useBias", "kernelInit", "biasInit", "kernelRegularizer", "biasRegularizer"],
];

/**
 * Two affine maps of each step's features with an activation between them, `down(activation(up(x)))`; gated,
 * `down(activation(gate(x))·up(x))`, which with `silu` is SwiGLU. (…, features) → (…, features)
 *
 * Vaswani et al. 2017, arXiv:1706.03762, section 3.3; gated: Shazeer 2020, GLU variants improve transformer,
 * arXiv:2002.05202, eq. 5 and 6.
 */
export class FeedForward extends Layer {
  readonly intermediateDim: number;
  gate: Dense | null;
  up: Dense;
  down!: Dense;
  readonly #options: FeedForwardOptions;
  readonly #activation: ChosenActivation;

  constructor(intermediateDim: number, options: FeedForwardOptions = {}) {
    super();
    this.intermediateDim = checkSize("feedForward", "intermediateDim", intermediateDim);
    checkOptions("feedForward", options, feedForwardNames);
    const { activation = "relu", gated = false } = options;
    this.#options = options;
    this.#activation = chooseActivation("feedForward", activation);
    this.gate = gated ? this.#dense(intermediateDim, activation) : null;
    this.up = this.#dense(intermediateDim, gated ? "linear" : activation);
  }

  #dense(units: number, activation: ActivationChoice): Dense {
    const { gated: _gated, activation: _own, ...rest } = this.#options;
    return dense(units, { ...rest, activation });
  }

  override get kind(): string {
    return "feedForward";
  }

  override describe(): string {
    return `feedForward ${this.intermediateDim} ${this.#activation.name}${this.gate === null ? "" : " gated"}`;
  }

  override buildSelf(_key: HostKey, input: TensorType): void {
    this.down = this.#dense(fixedSize("feedForward", input, -1), "linear");
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    const up = this.up.call(x, ctx);
    return this.down.call(this.gate === null ? up : this.gate.call(x, ctx).mul(up), ctx);
  }
}

/** Two affine maps with an activation between them: `feedForward(512, { activation: "silu", gated: true })`. */
export const feedForward = (intermediateDim: number, options: FeedForwardOptions = {}): FeedForward =>
  new FeedForward(intermediateDim, options);
