import {
  type Context,
  checkOptions,
  conv,
  type HostKey,
  hostSplit,
  type PerAxis,
  type Tensor,
  type TensorType,
  type Variable,
} from "@tenon/tensor";
import { checkSize, fixedSize } from "./check.ts";
import { Depthwise, type DepthwiseOptions, depthwiseNames } from "./depthwise-conv.ts";
import type { InitializerChoice } from "./initializers/initializer.ts";
import { Layer } from "./layer.ts";
import { type BiasOptions, biasNames, Kernel, Parameter } from "./parameter.ts";
import type { Regularizer } from "./regularizers.ts";
import { checkChannels, checkPlaces, type SpatialRank } from "./spatial.ts";

export interface SeparableConvOptions extends DepthwiseOptions, BiasOptions {
  /** `glorotUniform` by default. */
  readonly pointwiseInit?: InitializerChoice;
  readonly pointwiseRegularizer?: Regularizer;
}

/**
 * Convolution in two parts: each channel by itself, then all channels of a place, `activation((x ∗ D)·P + b)`. It needs
 * fewer products than one with all channels at once. (N, …places, C) → (N, …places, filters)
 *
 * Chollet 2017, Xception: deep learning with depthwise separable convolutions, arXiv:1610.02357. As in Keras there is
 * neither bias nor activation between the parts.
 */
export class SeparableConv extends Layer {
  readonly rank: SpatialRank;
  readonly filters: number;
  /** (…kernel, C, depthMultiplier) */
  depthwiseWeight!: Variable;
  /** (…1, C·depthMultiplier, filters) */
  pointwiseWeight!: Variable;
  /** (filters) */
  bias: Variable | null = null;
  readonly #depthwise: Depthwise;
  readonly #pointwise: Kernel;

  constructor(rank: SpatialRank, filters: number, kernelSize: PerAxis, options: SeparableConvOptions = {}) {
    super();
    this.rank = rank;
    const { kind } = this;
    this.filters = checkSize(kind, "filters", filters);
    checkOptions(kind, options, [...depthwiseNames, "pointwiseInit", "pointwiseRegularizer", ...biasNames]);
    this.#depthwise = new Depthwise(kind, rank, kernelSize, options);
    const { pointwiseInit = "glorotUniform", pointwiseRegularizer } = options;
    this.#pointwise = new Kernel(kind, new Parameter(kind, "pointwise", pointwiseInit, pointwiseRegularizer), options);
  }

  override get kind(): string {
    return `separableConv${this.rank}d`;
  }

  override describe(): string {
    return `${this.kind} ${this.filters} of ${this.#depthwise.describe()}${this.#pointwise.describe()}`;
  }

  override buildSelf(key: HostKey, input: TensorType): void {
    checkPlaces(this.kind, input, this.rank);
    const channels = fixedSize(this.kind, input, -1);
    const [depthwiseKey, pointwiseKey] = hostSplit(key, 2);
    this.depthwiseWeight = this.#depthwise.parameter.make(depthwiseKey!, this.#depthwise.shape(channels));
    const shape = [...new Array<number>(this.rank).fill(1), channels * this.#depthwise.depthMultiplier, this.filters];
    const { weight, bias } = this.#pointwise.variables(pointwiseKey!, shape, this.filters);
    this.pointwiseWeight = weight;
    this.bias = bias;
  }

  override forward(x: Tensor, _ctx: Context): Tensor {
    checkPlaces(this.kind, x, this.rank);
    checkChannels(this.kind, x, this.depthwiseWeight.shape[this.rank]!);
    const each = this.#depthwise.apply(x, this.depthwiseWeight);
    return this.#pointwise.finish(conv(each, this.pointwiseWeight.value), this.bias);
  }

  override penalties(): readonly Tensor[] {
    return [
      ...this.#depthwise.parameter.penalties(this.depthwiseWeight),
      ...this.#pointwise.penalties({ weight: this.pointwiseWeight, bias: this.bias }),
    ];
  }
}

/** Separable convolution of sequences: `separableConv1d(64, 5)`. (N, steps, C) → (N, steps, filters) */
export const separableConv1d = (filters: number, kernelSize: PerAxis, options?: SeparableConvOptions): SeparableConv =>
  new SeparableConv(1, filters, kernelSize, options);

/** Separable convolution of images: `separableConv2d(64, 3, { padding: "same" })`. (N, height, width, C) → (N, height, width, filters) */
export const separableConv2d = (filters: number, kernelSize: PerAxis, options?: SeparableConvOptions): SeparableConv =>
  new SeparableConv(2, filters, kernelSize, options);
