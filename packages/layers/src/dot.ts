import {
  type Context,
  checked,
  checkOptions,
  fail,
  OptionError,
  dot as product,
  sameDim,
  type Tensor,
  valueText,
} from "@tenon/tensor";
import { Layer } from "./layer.ts";
import { operandsOf, several, type Tensors } from "./merge.ts";

export interface DotOptions {
  /** The axis over which products are added up: one number for both inputs, or one for each. That of the examples is 0. */
  readonly axes: number | readonly [number, number];
  /** Whether both are first scaled to length 1 along their axis, so that the result is a cosine; false by default. */
  readonly normalize?: boolean;
}

/**
 * Sum of products of two inputs over an axis of each, example by example: what is left of the first, then of the second.
 * (N, a, k), (N, k, b) → (N, a, b); two inputs (N, k) give (N, 1), as in Keras.
 */
export class Dot extends Layer<Tensors, Tensor> {
  readonly axes: readonly [number, number];
  readonly normalize: boolean;

  constructor(options: DotOptions) {
    super();
    checkOptions("dot", options, ["axes", "normalize"]);
    const { axes, normalize = false } = options;
    const pair: readonly unknown[] = Array.isArray(axes) ? axes : [axes, axes];
    if (pair.length !== 2 || !pair.every((axis) => Number.isSafeInteger(axis) && axis !== 0)) {
      throw new OptionError(
        "E803",
        "dot",
        `axes is ${valueText(axes)}, which is no axis besides that of the examples`,
        {
          fix: "give one axis, or one for each input, as in dot({ axes: [2, 1] })",
        },
      );
    }
    this.axes = pair as [number, number];
    this.normalize = normalize;
  }

  override get kind(): string {
    return "dot";
  }

  override describe(): string {
    return `dot axes [${this.axes.join(", ")}]`;
  }

  override forward(xs: Tensors, _ctx: Context): Tensor {
    const [a, b] = several("dot", xs, 2, 2) as [Tensor, Tensor];
    const [i, j] = checked(
      "dot",
      operandsOf([a, b]),
      () => "choose axes of equal size",
      () => this.#axesOf(a, b),
    );
    const [x, y] = this.normalize ? [unit(a, i), unit(b, j)] : [a, b];
    const z = product(x, y, { contract: [[i], [j]], batch: [[0], [0]] });
    return z.rank === 1 ? z.expandDims(1) : z;
  }

  /** The axes counted from 0. */
  #axesOf(a: Tensor, b: Tensor): readonly [number, number] {
    const [i, j] = [a, b].map(({ rank }, n) => {
      const axis = this.axes[n]!;
      const at = axis < 0 ? axis + rank : axis;
      return at > 0 && at < rank
        ? at
        : fail("E205", `axis ${axis} of inputs[${n}] is outside the axes of its examples`);
    }) as [number, number];
    const [m, n] = [a.shape[i]!, b.shape[j]!];
    if (!sameDim(m, n)) fail("E204", `axis ${i} of inputs[0] has size ${m} but axis ${j} of inputs[1] has size ${n}`);
    if (!sameDim(a.shape[0]!, b.shape[0]!))
      fail("E204", `inputs[0] has ${a.shape[0]} examples but inputs[1] has ${b.shape[0]}`);
    return [i, j];
  }
}

const LEAST_SQUARE = 1e-12; // of a length, so that zeros stay zeros

const unit = (x: Tensor, axis: number): Tensor =>
  x.mul(x.square().sum({ axis, keepDims: true }).maximum(LEAST_SQUARE).rsqrt());

/** A layer that multiplies two inputs along an axis and adds up: `dot({ axes: 1 }).call([x, y])`. */
export const dot = (options: DotOptions): Dot => new Dot(options);
