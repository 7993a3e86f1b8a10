import {
  type Context,
  checkOptions,
  conv,
  type HostKey,
  OptionError,
  type Padding,
  type PerAxis,
  type Tensor,
  type TensorType,
  type Variable,
} from "@tenon/tensor";
import { checkSize, fixedSize, refuse } from "./check.ts";
import { Layer } from "./layer.ts";
import { Kernel, type KernelOptions, kernelNames, kernelOf } from "./parameter.ts";
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

export interface ConvOptions extends KernelOptions, SpatialOptions {
  /** Steps of the window; 1 by default. */
  readonly strides?: PerAxis;
  /** `"valid"` by default: none. `"same"` gives ⌈size/stride⌉ places; numbers of zeros may also be given, as in PyTorch. */
  readonly padding?: Padding;
  /** Distance between the places that a window takes in; 1 by default. */
  readonly dilationRate?: PerAxis;
  /** Into how many groups the channels fall, each with filters of its own; 1 by default. */
  readonly groups?: number;
}

export interface Conv1dOptions extends Omit<ConvOptions, "padding"> {
  /** That of `conv2d`, or `"causal"`: zeros before the beginning alone, so that no step sees a later one. */
  readonly padding?: Padding | "causal";
}

const optionNames = ["strides", "padding", "dilationRate", "groups", "dataFormat", ...kernelNames];

/**
 * Convolution, `y = activation(x ∗ W + b)`: each filter's sum of products with a window that moves over the places. As in
 * other libraries the kernel is not reversed. (N, …places, C) → (N, …places, filters)
 *
 * As in Keras, channels are last, weights start Glorot-uniform and the bias at zero, and `"same"` puts the odd zero at the
 * end. PyTorch's `Conv2d` has channels first, keeps `W` as (filters, C/groups, …kernel) and starts it uniform in
 * ±1/√(window·C/groups).
 */
export class Conv extends Layer {
  readonly rank: SpatialRank;
  readonly filters: number;
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: "valid" | "same" | "causal" | readonly (readonly [number, number])[];
  readonly dilationRate: readonly number[];
  readonly groups: number;
  /** (…kernel, C/groups, filters) */
  weight!: Variable;
  /** (filters) */
  bias: Variable | null = null;
  readonly #kernel: Kernel;

  constructor(rank: SpatialRank, filters: number, kernelSize: PerAxis, options: Conv1dOptions = {}) {
    super();
    this.rank = rank;
    const { kind } = this;
    this.filters = checkSize(kind, "filters", filters);
    this.kernelSize = perAxis(kind, "kernelSize", kernelSize, rank);
    checkOptions(kind, options, optionNames);
    checkDataFormat(kind, options.dataFormat);
    const { strides = 1, padding = "valid", dilationRate = 1, groups = 1 } = options;
    this.strides = perAxis(kind, "strides", strides, rank);
    this.padding = rank === 1 && padding === "causal" ? padding : paddingOf(kind, padding, rank);
    this.dilationRate = perAxis(kind, "dilationRate", dilationRate, rank);
    this.groups = checkSize(kind, "groups", groups);
    if (filters % groups !== 0) {
      throw new OptionError("E803", kind, `${filters} filters do not divide into ${groups} groups`, {
        fix: "give groups a divisor of the filters",
      });
    }
    this.#kernel = new Kernel(kind, kernelOf(kind, options), options);
  }

  override get kind(): string {
    return `conv${this.rank}d`;
  }

  override describe(): string {
    const groups = this.groups === 1 ? "" : ` groups ${this.groups}`;
    const window = `${sizeText(this.kernelSize)}${windowText(this)}`;
    return `${this.kind} ${this.filters} of ${window}${groups}${this.#kernel.describe()}`;
  }

  override buildSelf(key: HostKey, input: TensorType): void {
    checkPlaces(this.kind, input, this.rank);
    const channels = fixedSize(this.kind, input, -1);
    if (channels % this.groups !== 0) {
      refuse(
        this.kind,
        input,
        "E203",
        `${channels} channels do not divide into ${this.groups} groups`,
        "give groups a divisor of the channels",
      );
    }
    const shape = [...this.kernelSize, channels / this.groups, this.filters];
    Object.assign(this, this.#kernel.variables(key, shape, this.filters));
  }

  override forward(x: Tensor, _ctx: Context): Tensor {
    checkPlaces(this.kind, x, this.rank);
    checkChannels(this.kind, x, this.weight.shape[this.rank]! * this.groups);
    const { strides: stride, dilationRate: dilation, groups } = this;
    const padding = this.padding === "causal" ? this.#before() : this.padding;
    return this.#kernel.finish(conv(x, this.weight.value, { stride, padding, dilation, groups }), this.bias);
  }

  /** As many zeros before the beginning as the window spans besides its last place. */
  #before(): readonly (readonly [number, number])[] {
    return this.kernelSize.map((size, i) => [(size - 1) * this.dilationRate[i]!, 0] as const);
  }

  override penalties(): readonly Tensor[] {
    return this.#kernel.penalties(this);
  }
}

/** Convolution of sequences: `conv1d(64, 5, { activation: "relu" })`. (N, steps, C) → (N, steps, filters) */
export const conv1d = (filters: number, kernelSize: PerAxis, options?: Conv1dOptions): Conv =>
  new Conv(1, filters, kernelSize, options);

/** Convolution of images: `conv2d(32, 3, { activation: "relu" })`. (N, height, width, C) → (N, height, width, filters) */
export const conv2d = (filters: number, kernelSize: PerAxis, options?: ConvOptions): Conv =>
  new Conv(2, filters, kernelSize, options);

/** Convolution of volumes: `conv3d(16, 3)`. (N, depth, height, width, C) → (N, depth, height, width, filters) */
export const conv3d = (filters: number, kernelSize: PerAxis, options?: ConvOptions): Conv =>
  new Conv(3, filters, kernelSize, options);
