import {
  type Context,
  checkOptions,
  currentPath,
  DTypeError,
  type HostKey,
  isInteger,
  embedding as rowsOf,
  type Tensor,
  type Variable,
  variable,
} from "@tenon/tensor";
import { checkSize } from "./check.ts";
import { chooseInitializer, type Initializer, type InitializerChoice } from "./initializers/initializer.ts";
import { Layer } from "./layer.ts";
import { masked } from "./mask.ts";
import { checkRegularizer, penalty, type Regularizer } from "./regularizers.ts";

export interface EmbeddingOptions {
  /** `uniform`, from −0.05 to 0.05, by default, as in Keras; PyTorch starts with normal numbers of deviation 1. */
  readonly init?: InitializerChoice;
  readonly regularizer?: Regularizer;
  /** Whether the number 0 stands for no word, so that layers that heed masks pass over it; false by default. */
  readonly maskZero?: boolean;
}

/**
 * A row of a table for each whole number: what words or categories are to a network. (…) → (…, width)
 *
 * A number that is negative or not below `rows` gives zeros, and no gradient.
 */
export class Embedding extends Layer {
  readonly rows: number;
  readonly width: number;
  readonly maskZero: boolean;
  /** (rows, width) */
  table!: Variable;
  readonly #init: Initializer;
  readonly #regularizer: Regularizer | undefined;

  constructor(rows: number, width: number, options: EmbeddingOptions = {}) {
    super();
    this.rows = checkSize("embedding", "rows", rows);
    this.width = checkSize("embedding", "width", width);
    checkOptions("embedding", options, ["init", "regularizer", "maskZero"]);
    checkRegularizer("embedding", "regularizer", options.regularizer);
    this.#init = chooseInitializer("embedding", "init", options.init ?? "uniform");
    this.#regularizer = options.regularizer;
    this.maskZero = options.maskZero ?? false;
  }

  override get kind(): string {
    return "embedding";
  }

  override describe(): string {
    return `embedding ${this.rows}→${this.width}, ${this.#init.name}`;
  }

  override buildSelf(key: HostKey): void {
    this.table = variable(this.#init(key, [this.rows, this.width]));
  }

  override forward(ids: Tensor, _ctx: Context): Tensor {
    if (!isInteger(ids.dtype)) {
      throw new DTypeError("E201", "embedding", `the input is ${ids.dtype} where whole numbers are wanted`, {
        operands: { x: ids },
        at: currentPath(),
        fix: 'make it int32, as in spec(["B"], "int32")',
      });
    }
    return masked(rowsOf(this.table.value, ids), this.maskZero ? ids.notEqual(0) : undefined);
  }

  override penalties(): readonly Tensor[] {
    return penalty(this.table, this.#regularizer);
  }
}

/** A layer of `rows` vectors of size `width`, found by number: `embedding(10_000, 64)`. */
export const embedding = (rows: number, width: number, options: EmbeddingOptions = {}): Embedding =>
  new Embedding(rows, width, options);
