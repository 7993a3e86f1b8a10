import { type Context, checkOptions, max, mean, type ReduceOptions, sum, type Tensor } from "@tenon/tensor";
import { Layer } from "./layer.ts";
import { maskOf } from "./mask.ts";
import { checkDataFormat, checkPlaces, type SpatialOptions, type SpatialRank, spatialAxes } from "./spatial.ts";

export interface GlobalPoolingOptions extends SpatialOptions {
  /** Whether the spatial axes stay, with size 1; false by default. */
  readonly keepDims?: boolean;
}

/** One value per channel for all places: their mean or the largest. (N, …places, C) → (N, C) */
export class GlobalPooling extends Layer {
  readonly rank: SpatialRank;
  readonly what: "Average" | "Max";
  readonly keepDims: boolean;

  constructor(rank: SpatialRank, what: "Average" | "Max", options: GlobalPoolingOptions = {}) {
    super();
    this.rank = rank;
    this.what = what;
    checkOptions(this.kind, options, ["keepDims", "dataFormat"]);
    checkDataFormat(this.kind, options.dataFormat);
    this.keepDims = options.keepDims ?? false;
  }

  override get kind(): string {
    return `global${this.what}Pooling${this.rank}d`;
  }

  override forward(x: Tensor, _ctx: Context): Tensor {
    checkPlaces(this.kind, x, this.rank);
    const over = { axis: spatialAxes(this.rank), keepDims: this.keepDims };
    if (this.what === "Max") return max(x, over);
    const mask = this.rank === 1 ? maskOf(x) : undefined;
    return mask === undefined ? mean(x, over) : meanWhere(mask, x, over);
  }
}

/** The mean over steps that are real; 0 where none is. */
function meanWhere(mask: Tensor, x: Tensor, over: ReduceOptions): Tensor {
  const real = mask.expandDims(-1).cast("float32");
  return sum(x.mul(real), over).div(sum(real, over).maximum(1));
}

/** The mean of each channel over all steps, or those that a mask calls real: `globalAveragePooling1d()`. (N, steps, C) → (N, C) */
export const globalAveragePooling1d = (options?: GlobalPoolingOptions): GlobalPooling =>
  new GlobalPooling(1, "Average", options);

/** The mean of each channel over the image: `globalAveragePooling2d()`. (N, height, width, C) → (N, C) */
export const globalAveragePooling2d = (options?: GlobalPoolingOptions): GlobalPooling =>
  new GlobalPooling(2, "Average", options);

/** The mean of each channel over the volume: `globalAveragePooling3d()`. (N, depth, height, width, C) → (N, C) */
export const globalAveragePooling3d = (options?: GlobalPoolingOptions): GlobalPooling =>
  new GlobalPooling(3, "Average", options);

/** The largest value of each channel over all steps: `globalMaxPooling1d()`. (N, steps, C) → (N, C) */
export const globalMaxPooling1d = (options?: GlobalPoolingOptions): GlobalPooling =>
  new GlobalPooling(1, "Max", options);

/** The largest value of each channel over the image: `globalMaxPooling2d()`. (N, height, width, C) → (N, C) */
export const globalMaxPooling2d = (options?: GlobalPoolingOptions): GlobalPooling =>
  new GlobalPooling(2, "Max", options);

/** The largest value of each channel over the volume: `globalMaxPooling3d()`. (N, depth, height, width, C) → (N, C) */
export const globalMaxPooling3d = (options?: GlobalPoolingOptions): GlobalPooling =>
  new GlobalPooling(3, "Max", options);
