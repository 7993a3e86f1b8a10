import {
  type Context,
  checkOptions,
  type HostKey,
  layerNorm as normalize,
  type Tensor,
  type TensorType,
  type Variable,
} from "@tenon/tensor";
import { Affine, type AffineOptions, affineNames, affineValues } from "./affine.ts";
import { checkNumber, fixedSize, refuse } from "./check.ts";
import { Layer } from "./layer.ts";
import { keepMask } from "./mask.ts";

export interface LayerNormOptions extends AffineOptions {
  /** The first of the axes that are normalised; the last axis alone by default. */
  readonly axis?: number;
  /** Added to the variance; 1e-3 by default, as in Keras (PyTorch: 1e-5). */
  readonly eps?: number;
}

/**
 * Each example with mean 0 and variance 1 over the axes from `axis` on, times a scale, plus a bias of those axes' shape.
 * Shape is kept.
 *
 * Ba, Kiros & Hinton 2016, Layer normalization, arXiv:1607.06450.
 */
export class LayerNorm extends Layer {
  readonly axis: number;
  readonly eps: number;
  scale: Variable | null = null;
  bias: Variable | null = null;
  readonly #affine: Affine;

  constructor(options: LayerNormOptions = {}) {
    super();
    checkOptions("layerNorm", options, ["axis", "eps", ...affineNames]);
    const { axis = -1, eps = 1e-3 } = options;
    this.axis = axis;
    this.eps = checkNumber("layerNorm", "eps", eps, 0, Infinity);
    this.#affine = new Affine("layerNorm", options);
  }

  override get kind(): string {
    return "layerNorm";
  }

  override buildSelf(key: HostKey, input: TensorType): void {
    const shape = this.#normalised(input).map((axis) => fixedSize("layerNorm", input, axis));
    Object.assign(this, this.#affine.variables(key, shape));
  }

  override forward(x: Tensor, _ctx: Context): Tensor {
    const [first] = this.#normalised(x);
    const affine = this.scale ?? this.bias;
    const found = x.shape.slice(first);
    if (affine !== null && found.join() !== affine.shape.join()) {
      refuse(
        "layerNorm",
        x,
        "E204",
        `the axes from ${this.axis} on are [${found.join(", ")}] but the layer was built for [${affine.shape.join(", ")}]`,
        "give it the shape that it was built for",
      );
    }
    return keepMask(x, normalize(x, { axis: this.axis, eps: this.eps, ...affineValues(this) }));
  }

  /** The axes that are normalised. */
  #normalised(x: TensorType): number[] {
    const rank = x.shape.length;
    const first = this.axis < 0 ? this.axis + rank : this.axis;
    if (first >= 0 && first < rank) return [...x.shape.keys()].slice(first);
    return refuse(
      "layerNorm",
      x,
      "E205",
      `axis ${this.axis} is outside rank ${rank}`,
      "choose another axis, or give more axes",
    );
  }

  override penalties(): readonly Tensor[] {
    return this.#affine.penalties(this);
  }
}

/** A layer that normalises each example: `layerNorm()`. */
export const layerNorm = (options: LayerNormOptions = {}): LayerNorm => new LayerNorm(options);
