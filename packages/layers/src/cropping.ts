import { type Context, checkOptions, dimSub, type Tensor } from "@tenon/tensor";
import { refuse } from "./check.ts";
import { Layer } from "./layer.ts";
import {
  checkDataFormat,
  checkPlaces,
  type Margins,
  margins,
  marginText,
  type SpatialOptions,
  type SpatialRank,
} from "./spatial.ts";

/** Each spatial axis without some places at its beginning and end. (N, …places, C) → (N, …fewer places, C) */
export class Cropping extends Layer {
  readonly rank: SpatialRank;
  /** How many at the beginning and at the end, by axis. */
  readonly cropping: readonly (readonly [number, number])[];

  constructor(rank: SpatialRank, cropping: Margins = rank === 2 ? 0 : 1, options: SpatialOptions = {}) {
    super();
    this.rank = rank;
    checkOptions(this.kind, options, ["dataFormat"]);
    checkDataFormat(this.kind, options.dataFormat);
    this.cropping = margins(this.kind, "cropping", cropping, rank);
  }

  override get kind(): string {
    return `cropping${this.rank}d`;
  }

  override describe(): string {
    return `${this.kind} ${marginText(this.cropping)}`;
  }

  override forward(x: Tensor, _ctx: Context): Tensor {
    checkPlaces(this.kind, x, this.rank);
    this.cropping.forEach(([lo, hi], i) => {
      const size = x.shape[i + 1]!;
      if (typeof size !== "number" || lo + hi < size) return;
      refuse(
        this.kind,
        x,
        "E210",
        `axis ${i + 1} has size ${size}, and cropping [${lo}, ${hi}] leaves nothing`,
        "crop less, or give a larger input",
      );
    });
    return x.slice({
      start: [0, ...this.cropping.map(([lo]) => lo)],
      limit: [x.shape[0]!, ...this.cropping.map(([, hi], i) => dimSub(x.shape[i + 1]!, hi))],
    });
  }
}

/** Sequences without their ends: `cropping1d(1)`, or `cropping1d([0, 2])`. (N, steps, C) */
export const cropping1d = (cropping?: Margins, options?: SpatialOptions): Cropping =>
  new Cropping(1, cropping, options);

/** Images without their edges: `cropping2d(2)`, `[1, 2]` in height and width, `[[1, 0], [2, 2]]` by side. (N, height, width, C) */
export const cropping2d = (cropping?: Margins, options?: SpatialOptions): Cropping =>
  new Cropping(2, cropping, options);

/** Volumes without their edges: `cropping3d(1)`. (N, depth, height, width, C) */
export const cropping3d = (cropping?: Margins, options?: SpatialOptions): Cropping =>
  new Cropping(3, cropping, options);
