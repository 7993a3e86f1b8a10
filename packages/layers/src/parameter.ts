import { type HostKey, hostSplit, type Tensor, type Variable, variable } from "@tenon/tensor";
import { type ActivationChoice, type ChosenActivation, chooseActivation } from "./activations.ts";
import { chooseInitializer, type Initializer, type InitializerChoice } from "./initializers/initializer.ts";
import { checkRegularizer, penalty, type Regularizer } from "./regularizers.ts";

/** How one Variable of a layer starts, and what the loss adds for it: the options `…Init` and `…Regularizer` of its name. */
export class Parameter {
  readonly #init: Initializer;
  readonly #regularizer: Regularizer | undefined;

  constructor(kind: string, name: string, init: InitializerChoice, regularizer: Regularizer | undefined) {
    checkRegularizer(kind, `${name}Regularizer`, regularizer);
    this.#init = chooseInitializer(kind, `${name}Init`, init);
    this.#regularizer = regularizer;
  }

  /** What summaries call its initialiser. */
  get start(): string {
    return this.#init.name;
  }

  make(key: HostKey, shape: readonly number[]): Variable {
    return variable(this.#init(key, shape));
  }

  penalties(made: Variable | null): readonly Tensor[] {
    return penalty(made, this.#regularizer);
  }
}

/** What follows a product with a kernel: a bias and an activation. */
export interface BiasOptions {
  /** None by default. */
  readonly activation?: ActivationChoice;
  /** Whether a bias is added; true by default. */
  readonly useBias?: boolean;
  /** `zeros` by default. */
  readonly biasInit?: InitializerChoice;
  readonly biasRegularizer?: Regularizer;
}

export const biasNames = ["activation", "useBias", "biasInit", "biasRegularizer"];

/** The options of a layer with one kernel. */
export interface KernelOptions extends BiasOptions {
  /** `glorotUniform` by default. */
  readonly kernelInit?: InitializerChoice;
  readonly kernelRegularizer?: Regularizer;
}

export const kernelNames = [...biasNames, "kernelInit", "kernelRegularizer"];

/** The kernel of the option's name. */
export const kernelOf = (kind: string, { kernelInit = "glorotUniform", kernelRegularizer }: KernelOptions): Parameter =>
  new Parameter(kind, "kernel", kernelInit, kernelRegularizer);

/** A kernel with the bias and the activation after it, for the layer that has the Variables as fields. */
export class Kernel {
  readonly #weight: Parameter;
  readonly #bias: Parameter | null;
  readonly #activation: ChosenActivation;

  constructor(kind: string, weight: Parameter, options: BiasOptions) {
    const { activation = "linear", useBias = true, biasInit = "zeros", biasRegularizer } = options;
    const bias = new Parameter(kind, "bias", biasInit, biasRegularizer);
    this.#weight = weight;
    this.#bias = useBias ? bias : null;
    this.#activation = chooseActivation(kind, activation);
  }

  variables(key: HostKey, shape: readonly number[], outputs: number): KernelVariables {
    const [weightKey, biasKey] = hostSplit(key, 2);
    return {
      weight: this.#weight.make(weightKey!, shape),
      bias: this.#bias === null ? null : this.#bias.make(biasKey!, [outputs]),
    };
  }

  /** `activation(y + bias)` */
  finish(y: Tensor, bias: Variable | null): Tensor {
    return this.#activation.apply(bias === null ? y : y.add(bias.value));
  }

  penalties({ weight, bias }: KernelVariables): readonly Tensor[] {
    return [...this.#weight.penalties(weight), ...(this.#bias?.penalties(bias) ?? [])];
  }

  /** `relu, glorotUniform`, for summaries. */
  describe(): string {
    const { name } = this.#activation;
    return `${name === "linear" ? "" : ` ${name}`}, ${this.#weight.start}`;
  }
}

export interface KernelVariables {
  readonly weight: Variable;
  readonly bias: Variable | null;
}
