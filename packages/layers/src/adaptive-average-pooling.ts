import { adaptiveAvgPool, type Context, checkOptions, type PerAxis, type Tensor } from "@tenon/tensor";
import { Layer } from "./layer.ts";
import { checkDataFormat, checkPlaces, perAxis, type SpatialOptions, type SpatialRank, sizeText } from "./spatial.ts";

/**
 * Means over windows that are chosen so that as many places come out as wanted, whatever comes in: place `i` of `m` is the
 * mean of the input's places from ⌊i·n/m⌋ to ⌈(i + 1)·n/m⌉, as in PyTorch. (N, …places, C) → (N, …outputSize, C)
 */
export class AdaptiveAveragePooling extends Layer {
  readonly rank: SpatialRank;
  readonly outputSize: readonly number[];

  constructor(rank: SpatialRank, outputSize: PerAxis, options: SpatialOptions = {}) {
    super();
    this.rank = rank;
    this.outputSize = perAxis(this.kind, "outputSize", outputSize, rank);
    checkOptions(this.kind, options, ["dataFormat"]);
    checkDataFormat(this.kind, options.dataFormat);
  }

  override get kind(): string {
    return `adaptiveAveragePooling${this.rank}d`;
  }

  override describe(): string {
    return `${this.kind} ${sizeText(this.outputSize)}`;
  }

  override forward(x: Tensor, _ctx: Context): Tensor {
    checkPlaces(this.kind, x, this.rank);
    return adaptiveAvgPool(x, { size: this.outputSize });
  }
}

/** Means that leave so many steps: `adaptiveAveragePooling1d(8)`. (N, steps, C) → (N, 8, C) */
export const adaptiveAveragePooling1d = (outputSize: PerAxis, options?: SpatialOptions): AdaptiveAveragePooling =>
  new AdaptiveAveragePooling(1, outputSize, options);

/** Means that leave an image of such a size: `adaptiveAveragePooling2d([7, 7])`. (N, height, width, C) → (N, 7, 7, C) */
export const adaptiveAveragePooling2d = (outputSize: PerAxis, options?: SpatialOptions): AdaptiveAveragePooling =>
  new AdaptiveAveragePooling(2, outputSize, options);

/** Means that leave a volume of such a size: `adaptiveAveragePooling3d(4)`. (N, depth, height, width, C) → (N, 4, 4, 4, C) */
export const adaptiveAveragePooling3d = (outputSize: PerAxis, options?: SpatialOptions): AdaptiveAveragePooling =>
  new AdaptiveAveragePooling(3, outputSize, options);
