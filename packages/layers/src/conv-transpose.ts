import {
  type Context,
  checkOptions,
  convTranspose,
  type HostKey,
  OptionError,
  type Padding,
  type PerAxis,
  type Tensor,
  type TensorType,
  type Variable,
} from "@tenon/tensor";
import { checkSize, fixedSize } from "./check.ts";
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

export interface ConvTransposeOptions extends KernelOptions, SpatialOptions {
  /** How far apart the input's places lie in the output; 1 by default. */
  readonly strides?: PerAxis;
  /** What is left out at the edges: nothing with `"valid"`, the default; as much as leaves size·stride places with `"same"`; numbers of places, as in PyTorch. */
  readonly padding?: Padding;
  /** Further places at the end, fewer than the strides. */
  readonly outputPadding?: PerAxis;
  /** Distance between the places that a window reaches; 1 by default. */
  readonly dilationRate?: PerAxis;
}

const optionNames = ["strides", "padding", "outputPadding", "dilationRate", "dataFormat", ...kernelNames];

/**
 * Transposed convolution, the gradient of a convolution in its input: each place of the input adds its multiple of the
 * kernel to the output, so that images grow. (N, …places, C) → (N, …more places, filters)
 *
 * Sizes are Keras's: size·stride with `"same"`, and with `"valid"` size·stride and as much as the window is wider than its
 * stride. Zeiler, Krishnan, Taylor & Fergus 2010, Deconvolutional networks.
 */
export class ConvTranspose extends Layer {
  readonly rank: SpatialRank;
  readonly filters: number;
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: "valid" | "same" | readonly (readonly [number, number])[];
  readonly outputPadding: readonly number[] | null;
  readonly dilationRate: readonly number[];
  /** (…kernel, filters, C) */
  weight!: Variable;
  /** (filters) */
  bias: Variable | null = null;
  readonly #kernel: Kernel;

  constructor(rank: SpatialRank, filters: number, kernelSize: PerAxis, options: ConvTransposeOptions = {}) {
    super();
    this.rank = rank;
    const { kind } = this;
    this.filters = checkSize(kind, "filters", filters);
    this.kernelSize = perAxis(kind, "kernelSize", kernelSize, rank);
    checkOptions(kind, options, optionNames);
    checkDataFormat(kind, options.dataFormat);
    const { strides = 1, padding = "valid", outputPadding, dilationRate = 1 } = options;
    this.strides = perAxis(kind, "strides", strides, rank);
    this.padding = paddingOf(kind, padding, rank);
    this.outputPadding = outputPadding === undefined ? null : perAxis(kind, "outputPadding", outputPadding, rank, 0);
    this.dilationRate = perAxis(kind, "dilationRate", dilationRate, rank);
    this.outputPadding?.forEach((n, i) => {
      if (n < this.strides[i]!) return;
      throw new OptionError("E803", kind, `outputPadding is ${n} but the stride is ${this.strides[i]}`, {
        fix: "give it less than the stride, or larger strides",
      });
    });
    this.#kernel = new Kernel(kind, kernelOf(kind, options), options);
  }

  override get kind(): string {
    return `conv${this.rank}dTranspose`;
  }

  override describe(): string {
    return `${this.kind} ${this.filters} of ${sizeText(this.kernelSize)}${windowText(this)}${this.#kernel.describe()}`;
  }

  override buildSelf(key: HostKey, input: TensorType): void {
    checkPlaces(this.kind, input, this.rank);
    const shape = [...this.kernelSize, this.filters, fixedSize(this.kind, input, -1)];
    Object.assign(this, this.#kernel.variables(key, shape, this.filters));
  }

  override forward(x: Tensor, _ctx: Context): Tensor {
    checkPlaces(this.kind, x, this.rank);
    checkChannels(this.kind, x, this.weight.shape.at(-1)!);
    const { strides: stride, padding, dilationRate: dilation } = this;
    const outputPadding = this.outputPadding ?? this.#uncovered();
    const options = { stride, padding, dilation, ...(outputPadding !== null && { outputPadding }) };
    return this.#kernel.finish(convTranspose(x, this.weight.value, options), this.bias);
  }

  /** With `"valid"`, the places at the end of a stride that no window reaches; Keras counts them in. */
  #uncovered(): readonly number[] | null {
    if (this.padding !== "valid") return null;
    return this.strides.map((stride, i) => {
      const span = (this.kernelSize[i]! - 1) * this.dilationRate[i]! + 1;
      return Math.max(0, stride - span);
    });
  }

  override penalties(): readonly Tensor[] {
    return this.#kernel.penalties(this);
  }
}

/** Transposed convolution of sequences: `conv1dTranspose(16, 4, { strides: 2, padding: "same" })`. (N, steps, C) */
export const conv1dTranspose = (filters: number, kernelSize: PerAxis, options?: ConvTransposeOptions): ConvTranspose =>
  new ConvTranspose(1, filters, kernelSize, options);

/** Transposed convolution of images: `conv2dTranspose(16, 3, { strides: 2, padding: "same" })` doubles them. (N, height, width, C) */
export const conv2dTranspose = (filters: number, kernelSize: PerAxis, options?: ConvTransposeOptions): ConvTranspose =>
  new ConvTranspose(2, filters, kernelSize, options);

/** Transposed convolution of volumes: `conv3dTranspose(8, 3, { strides: 2, padding: "same" })`. (N, depth, height, width, C) */
export const conv3dTranspose = (filters: number, kernelSize: PerAxis, options?: ConvTransposeOptions): ConvTranspose =>
  new ConvTranspose(3, filters, kernelSize, options);
