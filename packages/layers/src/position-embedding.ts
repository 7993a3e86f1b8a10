import {
  type Context,
  checkOptions,
  type HostKey,
  embedding as rowsOf,
  type Tensor,
  type TensorType,
  type Variable,
  variable,
} from "@tenon/tensor";
import { checkSize, fixedSize, refuse } from "./check.ts";
import { chooseInitializer, type Initializer, type InitializerChoice } from "./initializers/initializer.ts";
import { Layer } from "./layer.ts";
import { keepMask } from "./mask.ts";
import { typeOfPart } from "./place.ts";
import { type PositionedInput, placesOf, positioned } from "./positions.ts";
import { checkRegularizer, penalty, type Regularizer } from "./regularizers.ts";

export interface PositionEmbeddingOptions {
  /** `glorotUniform` by default, as in Keras. */
  readonly init?: InitializerChoice;
  readonly regularizer?: Regularizer;
}

const form = "(examples, steps, features)";

/**
 * Adds to each step what is learned for its place, so that a network without recurrence knows the order:
 * `y_t = x_t + table_t`. (N, T, features) → (N, T, features)
 *
 * Keras's gives the rows alone. A place that the table does not have adds nothing. Gehring et al. 2017, Convolutional
 * sequence to sequence learning, arXiv:1705.03122, section 3.1.
 */
export class PositionEmbedding extends Layer<PositionedInput> {
  readonly maxLength: number;
  /** (maxLength, features) */
  table!: Variable;
  readonly #init: Initializer;
  readonly #regularizer: Regularizer | undefined;

  constructor(maxLength: number, options: PositionEmbeddingOptions = {}) {
    super();
    this.maxLength = checkSize("positionEmbedding", "maxLength", maxLength);
    checkOptions("positionEmbedding", options, ["init", "regularizer"]);
    checkRegularizer("positionEmbedding", "regularizer", options.regularizer);
    this.#init = chooseInitializer("positionEmbedding", "init", options.init ?? "glorotUniform");
    this.#regularizer = options.regularizer;
  }

  override get kind(): string {
    return "positionEmbedding";
  }

  override describe(): string {
    return `positionEmbedding ${this.maxLength}, ${this.#init.name}`;
  }

  override buildSelf(key: HostKey, ...inputs: readonly TensorType[]): void {
    const input = typeOfPart(this, inputs, "input");
    this.table = variable(this.#init(key, [this.maxLength, fixedSize("positionEmbedding", input, -1)]));
  }

  override forward(given: PositionedInput, _ctx: Context): Tensor {
    const { x, offset } = positioned("positionEmbedding", given, form, 3);
    const [steps, features] = [x.shape[1]!, this.table.shape[1]!];
    if (x.shape[2] !== features) {
      refuse(
        "positionEmbedding",
        x,
        "E204",
        `the input has ${x.shape[2]} features but the layer was built for ${features}`,
        `give it ${features} features`,
      );
    }
    if (typeof steps === "number" && steps > this.maxLength) {
      refuse(
        "positionEmbedding",
        x,
        "E204",
        `the input has ${steps} steps but the layer has places for ${this.maxLength}`,
        `give it at most ${this.maxLength} steps, or make the layer with positionEmbedding(${steps})`,
      );
    }
    const table = this.table.value;
    const plain = offset === undefined && typeof steps === "number";
    return keepMask(x, x.add(plain ? table.sliceAxis(0, 0, steps) : rowsOf(table, placesOf(x, offset))));
  }

  override penalties(): readonly Tensor[] {
    return penalty(this.table, this.#regularizer);
  }
}

/** A layer that adds what is learned for each place: `positionEmbedding(64)` for sequences of at most 64 steps. */
export const positionEmbedding = (maxLength: number, options: PositionEmbeddingOptions = {}): PositionEmbedding =>
  new PositionEmbedding(maxLength, options);
