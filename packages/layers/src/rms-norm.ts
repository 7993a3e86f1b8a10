import {
  type Context,
  checkOptions,
  type HostKey,
  rmsNorm as normalize,
  type Tensor,
  type TensorType,
  type Variable,
} from "@tenon/tensor";
import { Affine, type AffineOptions, affineValues } from "./affine.ts";
import { checkInteger, checkNumber, fixedSize, refuse } from "./check.ts";
import { Layer } from "./layer.ts";
import { keepMask } from "./mask.ts";

export interface RmsNormOptions extends Pick<AffineOptions, "useScale" | "scaleInit" | "scaleRegularizer"> {
  /** The first of the axes that are normalised; the last axis alone by default. */
  readonly axis?: number;
  /** Added to the mean square; 1e-6 by default, as in Keras. */
  readonly eps?: number;
}

/**
 * Each example divided by its root mean square over the axes from `axis` on, `x·scale/√(mean(x²) + eps)`: layer
 * normalisation without the mean. Shape is kept.
 *
 * Zhang & Sennrich 2019, Root mean square layer normalization, arXiv:1910.07467, eq. 4.
 */
export class RmsNorm extends Layer {
  readonly axis: number;
  readonly eps: number;
  scale: Variable | null = null;
  readonly #affine: Affine;

  constructor(options: RmsNormOptions = {}) {
    super();
    checkOptions("rmsNorm", options, ["axis", "eps", "useScale", "scaleInit", "scaleRegularizer"]);
    const { axis = -1, eps = 1e-6, ...affine } = options;
    this.axis = checkInteger("rmsNorm", "axis", axis);
    this.eps = checkNumber("rmsNorm", "eps", eps, 0, Infinity);
    this.#affine = new Affine("rmsNorm", { ...affine, useBias: false });
  }

  override get kind(): string {
    return "rmsNorm";
  }

  override buildSelf(key: HostKey, input: TensorType): void {
    const shape = this.#normalised(input).map((axis) => fixedSize("rmsNorm", input, axis));
    this.scale = this.#affine.variables(key, shape).scale;
  }

  override forward(x: Tensor, _ctx: Context): Tensor {
    const found = this.#normalised(x).map((axis) => x.shape[axis]!);
    if (this.scale !== null && found.join() !== this.scale.shape.join()) {
      refuse(
        "rmsNorm",
        x,
        "E204",
        `the axes from ${this.axis} on are [${found.join(", ")}] but the layer was built for [${this.scale.shape.join(", ")}]`,
        "give it the shape that it was built for",
      );
    }
    const { scale } = affineValues({ scale: this.scale, bias: null });
    return keepMask(x, normalize(x, { axis: this.axis, eps: this.eps, ...(scale !== undefined && { scale }) }));
  }

  /** The axes that are normalised. */
  #normalised(x: TensorType): number[] {
    const rank = x.shape.length;
    const first = this.axis < 0 ? this.axis + rank : this.axis;
    if (first >= 0 && first < rank) return [...x.shape.keys()].slice(first);
    return refuse(
      "rmsNorm",
      x,
      "E205",
      `axis ${this.axis} is outside rank ${rank}`,
      "choose another axis, or give more axes",
    );
  }

  override penalties(): readonly Tensor[] {
    return this.#affine.penalties({ scale: this.scale, bias: null });
  }
}

/** A layer that divides each example by its root mean square: `rmsNorm()`. */
export const rmsNorm = (options: RmsNormOptions = {}): RmsNorm => new RmsNorm(options);
