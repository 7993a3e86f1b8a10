import { avgPool, type Context, checkOptions, maxPool, type Padding, type PerAxis, type Tensor } from "@tenon/tensor";
import { Layer } from "./layer.ts";
import {
  checkDataFormat,
  checkPlaces,
  paddingOf,
  perAxis,
  type SpatialOptions,
  type SpatialRank,
  sizeText,
  windowText,
} from "./spatial.ts";

export interface PoolingOptions extends SpatialOptions {
  /** The window, where it is not the first argument; 2 by default. */
  readonly poolSize?: PerAxis;
  /** Steps of the window; its size by default, so that windows do not overlap. */
  readonly strides?: PerAxis;
  /** `"valid"` by default: places that fill no window are left out. `"same"` gives ⌈size/stride⌉ places. */
  readonly padding?: Padding;
}

/**
 * One value per channel for each window: the largest, or the mean. (N, …places, C) → (N, …fewer places, C)
 *
 * What `padding` puts around the places is never the largest, and does not count in a mean, as in Keras.
 */
export class Pooling extends Layer {
  readonly rank: SpatialRank;
  readonly what: "average" | "max";
  readonly poolSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: "valid" | "same" | readonly (readonly [number, number])[];

  constructor(rank: SpatialRank, what: "average" | "max", size: PoolSize = {}, more: PoolingOptions = {}) {
    super();
    this.rank = rank;
    this.what = what;
    const { kind } = this;
    const options = isOptions(size) ? size : { poolSize: size, ...more };
    checkOptions(kind, options, ["poolSize", "strides", "padding", "dataFormat"]);
    checkDataFormat(kind, options.dataFormat);
    const { poolSize = 2, strides, padding = "valid" } = options;
    this.poolSize = perAxis(kind, "poolSize", poolSize, rank);
    this.strides = strides === undefined ? this.poolSize : perAxis(kind, "strides", strides, rank);
    this.padding = paddingOf(kind, padding, rank);
  }

  override get kind(): string {
    return `${this.what}Pooling${this.rank}d`;
  }

  override describe(): string {
    const { poolSize, padding } = this;
    const strides = this.strides.join() === poolSize.join() ? [1] : this.strides;
    return `${this.kind} ${sizeText(poolSize)}${windowText({ strides, padding })}`;
  }

  override forward(x: Tensor, _ctx: Context): Tensor {
    checkPlaces(this.kind, x, this.rank);
    const options = { size: this.poolSize, stride: this.strides, padding: this.padding };
    return this.what === "max" ? maxPool(x, options) : avgPool(x, options);
  }
}

/** The window of a pool, or all its options. */
export type PoolSize = PerAxis | PoolingOptions;

const isOptions = (size: PoolSize): size is PoolingOptions =>
  typeof size === "object" && size !== null && !Array.isArray(size);

/** The largest values of sequences: `maxPooling1d(2)`. (N, steps, C) → (N, fewer steps, C) */
export const maxPooling1d = (size?: PoolSize, options?: PoolingOptions): Pooling =>
  new Pooling(1, "max", size, options);

/** The largest values of images: `maxPooling2d(2)` halves them. (N, height, width, C) → (N, less height, less width, C) */
export const maxPooling2d = (size?: PoolSize, options?: PoolingOptions): Pooling =>
  new Pooling(2, "max", size, options);

/** The largest values of volumes: `maxPooling3d(2)`. (N, depth, height, width, C) */
export const maxPooling3d = (size?: PoolSize, options?: PoolingOptions): Pooling =>
  new Pooling(3, "max", size, options);

/** Means of sequences: `averagePooling1d(2)`. (N, steps, C) → (N, fewer steps, C) */
export const averagePooling1d = (size?: PoolSize, options?: PoolingOptions): Pooling =>
  new Pooling(1, "average", size, options);

/** Means of images: `averagePooling2d(2)`. (N, height, width, C) → (N, less height, less width, C) */
export const averagePooling2d = (size?: PoolSize, options?: PoolingOptions): Pooling =>
  new Pooling(2, "average", size, options);

/** Means of volumes: `averagePooling3d(2)`. (N, depth, height, width, C) */
export const averagePooling3d = (size?: PoolSize, options?: PoolingOptions): Pooling =>
  new Pooling(3, "average", size, options);
