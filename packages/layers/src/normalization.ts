import {
  type Context,
  checkOptions,
  type HostKey,
  OptionError,
  type Tensor,
  type TensorType,
  tensor,
  type Variable,
  valueText,
  variable,
} from "@tenon/tensor";
import { type AdaptData, blocksOf, type Measured, measure } from "./adapt.ts";
import { fixedSize, refuse } from "./check.ts";
import { Layer } from "./layer.ts";

export type { AdaptData } from "./adapt.ts";

export interface NormalizationOptions {
  /** The axes with a mean and variance for each of their entries, the last by default; null for one of each for all numbers. */
  readonly axis?: number | readonly number[] | null;
  /** Given together with the variance they need not be measured: a number, or one for each entry of the axes. */
  readonly mean?: number | readonly number[];
  readonly variance?: number | readonly number[];
  /** Goes the other way, from normalised numbers to those measured. */
  readonly invert?: boolean;
}

const LEAST_DEVIATION = 1e-7; // Keras's: what is the same in all examples is divided by this

/**
 * Numbers with mean 0 and variance 1, as measured beforehand: `(x − mean) / max(√variance, 1e-7)`. Shape is kept.
 *
 * `await normalization().adapt(train)` measures; mean and variance become Variables that are saved with the model and not
 * trained. A layer that is built without is the identity, until its Variables are loaded. Keras's `Normalization`.
 */
export class Normalization extends Layer {
  readonly axis: readonly number[] | null;
  readonly invert: boolean;
  mean!: Variable;
  variance!: Variable;
  #measured: Measured | undefined;

  constructor(options: NormalizationOptions = {}) {
    super();
    checkOptions("normalization", options, ["axis", "mean", "variance", "invert"]);
    const { axis = -1, mean, variance, invert = false } = options;
    this.axis = axis === null ? null : [axis].flat();
    this.invert = invert;
    if ((mean === undefined) !== (variance === undefined)) {
      throw new OptionError("E802", "normalization", `${mean === undefined ? "mean" : "variance"} is missing`, {
        fix: "give mean and variance, or neither and call adapt",
      });
    }
    if (mean !== undefined)
      this.#measured = { mean: numbers("mean", mean), variance: numbers("variance", variance, 0) };
  }

  override get kind(): string {
    return "normalization";
  }

  override describe(): string {
    return this.invert ? "normalization, inverted" : "normalization";
  }

  /**
   * Measures mean and variance, in float64 and in two passes, of a data set's column `x`, a column, a tensor or nested
   * lists, whose first axis counts the examples. What was measured before is forgotten. Gives the layer.
   */
  async adapt(data: AdaptData): Promise<this> {
    const { shape, each } = await blocksOf(data);
    const measured = measure(shape, each, this.#kept({ dtype: "float32", shape }));
    if (this.mean !== undefined) {
      this.mean.assign(filled(measured.mean, this.mean.shape));
      this.variance.assign(filled(measured.variance, this.variance.shape));
    }
    this.#measured = measured;
    return this;
  }

  override buildSelf(_key: HostKey, input: TensorType): void {
    const shape = this.#kept(input).map((axis) => fixedSize("normalization", input, axis));
    const count = shape.reduce((n, size) => n * size, 1);
    const { mean = [0], variance = [1] } = this.#measured ?? {};
    for (const { length } of [mean, variance]) {
      if (length === 1 || length === count) continue;
      refuse(
        "normalization",
        input,
        "E204",
        `${length} means or variances were measured or given but there are ${count} entries along the axes`,
        "adapt the layer to data of the input's shape",
      );
    }
    this.mean = variable(filled(mean, shape), { role: "statistic" });
    this.variance = variable(filled(variance, shape), { role: "statistic" });
  }

  override forward(x: Tensor, _ctx: Context): Tensor {
    const kept = this.#kept(x);
    const found = kept.map((axis) => x.shape[axis]);
    if (found.join() !== this.mean.shape.join()) {
      refuse(
        "normalization",
        x,
        "E204",
        `the axes have the sizes [${found.join(", ")}] but the layer was built for [${this.mean.shape.join(", ")}]`,
        "give it the shape that it was built for",
      );
    }
    const broadcast = (value: Tensor): Tensor =>
      value.cast(x.dtype).reshape(x.shape.map((size, axis) => (kept.includes(axis) ? size : 1)));
    const mean = broadcast(this.mean.value);
    const deviation = broadcast(this.variance.value.sqrt().maximum(LEAST_DEVIATION));
    return this.invert ? x.mul(deviation).add(mean) : x.sub(mean).div(deviation);
  }

  /** The axes that keep their entries apart, rising from 1. */
  #kept(x: TensorType): readonly number[] {
    const rank = x.shape.length;
    return (this.axis ?? [])
      .map((given) => {
        const axis = given < 0 ? given + rank : given;
        if (Number.isInteger(axis) && axis > 0 && axis < rank) return axis;
        const problem = axis === 0 ? "is that of the examples" : `is outside rank ${rank}`;
        return refuse("normalization", x, "E205", `axis ${given} ${problem}`, "choose another axis, or null for none");
      })
      .sort((a, b) => a - b);
  }
}

const filled = (values: readonly number[], shape: readonly number[]): Tensor => {
  const count = shape.reduce((n, size) => n * size, 1);
  return tensor(
    Float32Array.from({ length: count }, (_, i) => values[i % values.length]!),
    { shape },
  );
};

function numbers(name: string, given: unknown, low = -Infinity): readonly number[] {
  const list: readonly unknown[] = [given].flat();
  if (list.length > 0 && list.every((n) => Number.isFinite(n) && (n as number) >= low))
    return list as readonly number[];
  throw new OptionError("E803", "normalization", `${name} is ${valueText(given)}`, {
    fix: `give a number${low === 0 ? " from 0" : ""}, or a list of them`,
  });
}

/** A layer that normalises numbers as measured beforehand: `await normalization().adapt(train)`. */
export const normalization = (options: NormalizationOptions = {}): Normalization => new Normalization(options);
