import {
  type Context,
  checkOptions,
  greater,
  type HostKey,
  select,
  type Tensor,
  type TensorType,
  type Variable,
} from "@tenon/tensor";
import { checkInteger, fixedSize, refuse } from "./check.ts";
import type { InitializerChoice } from "./initializers/initializer.ts";
import { Layer } from "./layer.ts";
import { keepMask } from "./mask.ts";
import { Parameter } from "./parameter.ts";
import type { Regularizer } from "./regularizers.ts";

export interface PreluOptions {
  /** `zeros` by default, as in Keras; PyTorch starts with `constant(0.25)`. */
  readonly alphaInit?: InitializerChoice;
  readonly alphaRegularizer?: Regularizer;
  /** Axes along which there is one slope, that of the examples being 0: `[1, 2]` for one per channel of images. None by default. */
  readonly sharedAxes?: readonly number[];
}

/**
 * Leaky rectifier whose slope is learned: `x` where it is positive, `alpha·x` elsewhere. There is a slope for each feature
 * of an example. Shape is kept.
 *
 * He, Zhang, Ren & Sun 2015, Delving deep into rectifiers, arXiv:1502.01852, eq. 1. PyTorch's has one slope for all, or with
 * `num_parameters` one per channel, which is `sharedAxes: [1, 2]` of images.
 */
export class Prelu extends Layer {
  readonly sharedAxes: readonly number[];
  /** The shape of an example, with size 1 along shared axes. */
  alpha!: Variable;
  readonly #alpha: Parameter;

  constructor(options: PreluOptions = {}) {
    super();
    checkOptions("prelu", options, ["alphaInit", "alphaRegularizer", "sharedAxes"]);
    const { alphaInit = "zeros", alphaRegularizer, sharedAxes = [] } = options;
    this.sharedAxes = [sharedAxes].flat().map((axis) => checkInteger("prelu", "an axis of sharedAxes", axis));
    this.#alpha = new Parameter("prelu", "alpha", alphaInit, alphaRegularizer);
  }

  override get kind(): string {
    return "prelu";
  }

  override buildSelf(key: HostKey, input: TensorType): void {
    const rank = input.shape.length;
    const strange = this.sharedAxes.find((axis) => axis < 1 || axis >= rank);
    if (strange !== undefined) {
      refuse(
        "prelu",
        input,
        "E205",
        `sharedAxes has ${strange}, which is no axis of an example of rank ${rank}`,
        `use axes from 1 to ${rank - 1}`,
      );
    }
    const axes = [...input.shape.keys()].slice(1);
    const shape = axes.map((axis) => (this.sharedAxes.includes(axis) ? 1 : fixedSize("prelu", input, axis)));
    this.alpha = this.#alpha.make(key, shape);
  }

  override forward(x: Tensor, _ctx: Context): Tensor {
    const { shape } = this.alpha;
    const fits = x.rank === shape.length + 1 && shape.every((d, i) => d === 1 || d === x.shape[i + 1]);
    if (!fits) {
      refuse(
        "prelu",
        x,
        "E204",
        `the examples are [${x.shape.slice(1).join(", ")}] but the layer was built for [${shape.join(", ")}]`,
        "give it examples of the shape that it was built for",
      );
    }
    return keepMask(x, select(greater(x, 0), x, x.mul(this.alpha.value)));
  }

  override penalties(): readonly Tensor[] {
    return this.#alpha.penalties(this.alpha);
  }
}

/** A leaky rectifier that learns its slopes: `prelu({ sharedAxes: [1, 2] })`. */
export const prelu = (options: PreluOptions = {}): Prelu => new Prelu(options);
