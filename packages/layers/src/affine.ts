import { type HostKey, hostSplit, type Tensor, type Variable, variable } from "@tenon/tensor";
import { chooseInitializer, type Initializer, type InitializerChoice } from "./initializers/initializer.ts";
import { checkRegularizer, penalty, type Regularizer } from "./regularizers.ts";

/** What a normalisation multiplies by and adds afterwards; gamma and beta of the papers. */
export interface AffineOptions {
  /** Whether the result is multiplied by a scale; true by default. */
  readonly useScale?: boolean;
  /** Whether a bias is added; true by default. */
  readonly useBias?: boolean;
  /** `ones` by default. */
  readonly scaleInit?: InitializerChoice;
  /** `zeros` by default. */
  readonly biasInit?: InitializerChoice;
  readonly scaleRegularizer?: Regularizer;
  readonly biasRegularizer?: Regularizer;
}

export const affineNames = ["useScale", "useBias", "scaleInit", "biasInit", "scaleRegularizer", "biasRegularizer"];

/** The scale and bias of a normalisation, for the layer that has them as fields. */
export class Affine {
  readonly #options: AffineOptions;
  readonly #scaleInit: Initializer;
  readonly #biasInit: Initializer;

  constructor(kind: string, options: AffineOptions) {
    checkRegularizer(kind, "scaleRegularizer", options.scaleRegularizer);
    checkRegularizer(kind, "biasRegularizer", options.biasRegularizer);
    this.#options = options;
    this.#scaleInit = chooseInitializer(kind, "scaleInit", options.scaleInit ?? "ones");
    this.#biasInit = chooseInitializer(kind, "biasInit", options.biasInit ?? "zeros");
  }

  variables(key: HostKey, shape: readonly number[]): AffineVariables {
    const { useScale = true, useBias = true } = this.#options;
    const [scaleKey, biasKey] = hostSplit(key, 2);
    return {
      scale: useScale ? variable(this.#scaleInit(scaleKey!, shape)) : null,
      bias: useBias ? variable(this.#biasInit(biasKey!, shape)) : null,
    };
  }

  penalties({ scale, bias }: AffineVariables): readonly Tensor[] {
    const { scaleRegularizer, biasRegularizer } = this.#options;
    return [...penalty(scale, scaleRegularizer), ...penalty(bias, biasRegularizer)];
  }
}

export interface AffineVariables {
  readonly scale: Variable | null;
  readonly bias: Variable | null;
}

/** Their values, as the operands of an op. */
export function affineValues({ scale, bias }: AffineVariables): { readonly scale?: Tensor; readonly bias?: Tensor } {
  return { ...(scale !== null && { scale: scale.value }), ...(bias !== null && { bias: bias.value }) };
}
