import {
  type Context,
  checkOptions,
  conv,
  type HostKey,
  type Padding,
  type PerAxis,
  type Tensor,
  type TensorType,
  type Variable,
} from "@tenon/tensor";
import { checkSize, fixedSize } from "./check.ts";
import type { InitializerChoice } from "./initializers/initializer.ts";
import { Layer } from "./layer.ts";
import { type BiasOptions, biasNames, Kernel, Parameter } from "./parameter.ts";
import type { Regularizer } from "./regularizers.ts";
import {
  checkChannels,
  checkDataFormat,
  checkPlaces,
  paddingOf,
  perAxis,
  type SpatialOptions,
  type SpatialRank,
  sizeText,
  windowText,
} from "./spatial.ts";

/** How a window moves over each channel by itself. */
export interface DepthwiseOptions extends SpatialOptions {
  /** Steps of the window; 1 by default. */
  readonly strides?: PerAxis;
  /** `"valid"` by default; otherwise as in `conv2d`. */
  readonly padding?: Padding;
  /** Distance between the places that a window takes in; 1 by default. */
  readonly dilationRate?: PerAxis;
  /** How many results each channel has; 1 by default. */
  readonly depthMultiplier?: number;
  /** `glorotUniform` by default. */
  readonly depthwiseInit?: InitializerChoice;
  readonly depthwiseRegularizer?: Regularizer;
}

export const depthwiseNames = [
  "strides",
  "padding",
  "dilationRate",
  "depthMultiplier",
  "depthwiseInit",
  "depthwiseRegularizer",
  "dataFormat",
];

/** A window over each channel by itself, as `depthwiseConv2d` has it and `separableConv2d` begins with it. */
export class Depthwise {
  readonly rank: SpatialRank;
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: "valid" | "same" | readonly (readonly [number, number])[];
  readonly dilationRate: readonly number[];
  readonly depthMultiplier: number;
  readonly parameter: Parameter;

  constructor(kind: string, rank: SpatialRank, kernelSize: PerAxis, options: DepthwiseOptions) {
    checkDataFormat(kind, options.dataFormat);
    const { strides = 1, padding = "valid", dilationRate = 1, depthMultiplier = 1 } = options;
    this.rank = rank;
    this.kernelSize = perAxis(kind, "kernelSize", kernelSize, rank);
    this.strides = perAxis(kind, "strides", strides, rank);
    this.padding = paddingOf(kind, padding, rank);
    this.dilationRate = perAxis(kind, "dilationRate", dilationRate, rank);
    this.depthMultiplier = checkSize(kind, "depthMultiplier", depthMultiplier);
    const { depthwiseInit = "glorotUniform", depthwiseRegularizer } = options;
    this.parameter = new Parameter(kind, "depthwise", depthwiseInit, depthwiseRegularizer);
  }

  /** (…kernel, C, multiplier): in this form Keras counts the inputs and outputs that initial values depend on. */
  shape(channels: number): readonly number[] {
    return [...this.kernelSize, channels, this.depthMultiplier];
  }

  /** (N, …places, C), (…kernel, C, multiplier) → (N, …places, C·multiplier) */
  apply(x: Tensor, weight: Variable): Tensor {
    const groups = weight.shape[this.rank]!;
    const w = weight.value.reshape([...this.kernelSize, 1, groups * this.depthMultiplier]);
    const { strides: stride, padding, dilationRate: dilation } = this;
    return conv(x, w, { stride, padding, dilation, groups });
  }

  describe(): string {
    const times = this.depthMultiplier === 1 ? "" : ` times ${this.depthMultiplier}`;
    return `${sizeText(this.kernelSize)}${windowText(this)}${times}`;
  }
}

export interface DepthwiseConvOptions extends DepthwiseOptions, BiasOptions {}

/**
 * Convolution of each channel by itself, `activation(x ∗ W + b)`, with `depthMultiplier` kernels for each.
 * (N, …places, C) → (N, …places, C·depthMultiplier)
 */
export class DepthwiseConv extends Layer {
  readonly rank: SpatialRank;
  /** (…kernel, C, depthMultiplier) */
  weight!: Variable;
  /** (C·depthMultiplier) */
  bias: Variable | null = null;
  readonly #depthwise: Depthwise;
  readonly #kernel: Kernel;

  constructor(rank: SpatialRank, kernelSize: PerAxis, options: DepthwiseConvOptions = {}) {
    super();
    this.rank = rank;
    checkOptions(this.kind, options, [...depthwiseNames, ...biasNames]);
    this.#depthwise = new Depthwise(this.kind, rank, kernelSize, options);
    this.#kernel = new Kernel(this.kind, this.#depthwise.parameter, options);
  }

  override get kind(): string {
    return `depthwiseConv${this.rank}d`;
  }

  override describe(): string {
    return `${this.kind} ${this.#depthwise.describe()}${this.#kernel.describe()}`;
  }

  override buildSelf(key: HostKey, input: TensorType): void {
    checkPlaces(this.kind, input, this.rank);
    const channels = fixedSize(this.kind, input, -1);
    const { depthMultiplier } = this.#depthwise;
    const made = this.#kernel.variables(key, this.#depthwise.shape(channels), channels * depthMultiplier);
    Object.assign(this, made);
  }

  override forward(x: Tensor, _ctx: Context): Tensor {
    checkPlaces(this.kind, x, this.rank);
    checkChannels(this.kind, x, this.weight.shape[this.rank]!);
    return this.#kernel.finish(this.#depthwise.apply(x, this.weight), this.bias);
  }

  override penalties(): readonly Tensor[] {
    return this.#kernel.penalties(this);
  }
}

/** Convolution of each channel of sequences by itself: `depthwiseConv1d(5)`. (N, steps, C) */
export const depthwiseConv1d = (kernelSize: PerAxis, options?: DepthwiseConvOptions): DepthwiseConv =>
  new DepthwiseConv(1, kernelSize, options);

/** Convolution of each channel of images by itself: `depthwiseConv2d(3, { padding: "same" })`. (N, height, width, C) */
export const depthwiseConv2d = (kernelSize: PerAxis, options?: DepthwiseConvOptions): DepthwiseConv =>
  new DepthwiseConv(2, kernelSize, options);
