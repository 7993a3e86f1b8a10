import {
  type Context,
  checkOptions,
  type HostKey,
  hostSplit,
  linear,
  type Tensor,
  type TensorType,
  type Variable,
  variable,
} from "@tenon/tensor";
import { type ActivationChoice, type ChosenActivation, chooseActivation } from "./activations.ts";
import { checkSize, fixedSize, refuse } from "./check.ts";
import { chooseInitializer, type Initializer, type InitializerChoice } from "./initializers/initializer.ts";
import { Layer } from "./layer.ts";
import { keepMask } from "./mask.ts";
import { checkRegularizer, penalty, type Regularizer } from "./regularizers.ts";

export interface DenseOptions {
  /** None by default. */
  readonly activation?: ActivationChoice;
  /** Whether `b` is added; true by default. */
  readonly useBias?: boolean;
  /** `glorotUniform` by default. */
  readonly kernelInit?: InitializerChoice;
  /** `zeros` by default. */
  readonly biasInit?: InitializerChoice;
  readonly kernelRegularizer?: Regularizer;
  readonly biasRegularizer?: Regularizer;
}

const optionNames = ["activation", "useBias", "kernelInit", "biasInit", "kernelRegularizer", "biasRegularizer"];

/**
 * Affine map of the last axis, `y = activation(x·W + b)`. (…, in) → (…, units)
 *
 * The input size is read when the layer is built. As in Keras, weights start Glorot-uniform and the bias at zero; PyTorch's
 * `Linear` starts both uniform in ±1/√in, and keeps `W` as (out, in).
 */
export class Dense extends Layer {
  readonly units: number;
  /** (in, units) */
  weight!: Variable;
  /** (units) */
  bias: Variable | null = null;
  readonly #options: DenseOptions;
  readonly #activation: ChosenActivation;
  readonly #kernelInit: Initializer;
  readonly #biasInit: Initializer;

  constructor(units: number, options: DenseOptions = {}) {
    super();
    this.units = checkSize("dense", "units", units);
    checkOptions("dense", options, optionNames);
    checkRegularizer("dense", "kernelRegularizer", options.kernelRegularizer);
    checkRegularizer("dense", "biasRegularizer", options.biasRegularizer);
    this.#options = options;
    this.#activation = chooseActivation("dense", options.activation ?? "linear");
    this.#kernelInit = chooseInitializer("dense", "kernelInit", options.kernelInit ?? "glorotUniform");
    this.#biasInit = chooseInitializer("dense", "biasInit", options.biasInit ?? "zeros");
  }

  override get kind(): string {
    return "dense";
  }

  override describe(): string {
    const { name } = this.#activation;
    return `dense ${this.units}${name === "linear" ? "" : ` ${name}`}, ${this.#kernelInit.name}`;
  }

  override buildSelf(key: HostKey, input: TensorType): void {
    const { useBias = true } = this.#options;
    const inFeatures = fixedSize("dense", input, -1);
    const [kernelKey, biasKey] = hostSplit(key, 2);
    this.weight = variable(this.#kernelInit(kernelKey!, [inFeatures, this.units]));
    if (useBias) this.bias = variable(this.#biasInit(biasKey!, [this.units]));
  }

  override forward(x: Tensor, _ctx: Context): Tensor {
    const inFeatures = this.weight.shape[0]!;
    if (x.shape.at(-1) !== inFeatures) {
      const found = x.rank === 0 ? "the input has rank 0" : `the input has ${x.shape.at(-1)} features`;
      refuse(
        "dense",
        x,
        "E204",
        `${found} but the layer was built for ${inFeatures}`,
        `give it ${inFeatures} features`,
      );
    }
    const { apply, epilogue } = this.#activation;
    const y = linear(x, this.weight.value, {
      act: epilogue ?? "none",
      ...(this.bias !== null && { bias: this.bias.value }),
    });
    return keepMask(x, epilogue === undefined ? apply(y) : y);
  }

  override penalties(): readonly Tensor[] {
    const { kernelRegularizer, biasRegularizer } = this.#options;
    return [...penalty(this.weight, kernelRegularizer), ...penalty(this.bias, biasRegularizer)];
  }
}

/** A layer of `units` outputs, each connected to all inputs: `dense(256, { activation: "relu" })`. */
export const dense = (units: number, options: DenseOptions = {}): Dense => new Dense(units, options);
