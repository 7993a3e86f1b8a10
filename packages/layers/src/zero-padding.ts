import { type Context, checkOptions, type Tensor } from "@tenon/tensor";
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

/** Zeros before and after each spatial axis. (N, …places, C) → (N, …larger places, C) */
export class ZeroPadding extends Layer {
  readonly rank: SpatialRank;
  /** How many before and after, by axis. */
  readonly padding: readonly (readonly [number, number])[];

  constructor(rank: SpatialRank, padding: Margins = 1, options: SpatialOptions = {}) {
    super();
    this.rank = rank;
    checkOptions(this.kind, options, ["dataFormat"]);
    checkDataFormat(this.kind, options.dataFormat);
    this.padding = margins(this.kind, "padding", padding, rank);
  }

  override get kind(): string {
    return `zeroPadding${this.rank}d`;
  }

  override describe(): string {
    return `${this.kind} ${marginText(this.padding)}`;
  }

  override forward(x: Tensor, _ctx: Context): Tensor {
    checkPlaces(this.kind, x, this.rank);
    return x.pad({ lo: [0, ...this.padding.map(([lo]) => lo)], hi: [0, ...this.padding.map(([, hi]) => hi)] });
  }
}

/** Zeros around sequences: `zeroPadding1d(2)`, or `zeroPadding1d([2, 0])`, before and after. (N, steps, C) */
export const zeroPadding1d = (padding?: Margins, options?: SpatialOptions): ZeroPadding =>
  new ZeroPadding(1, padding, options);

/** Zeros around images: `zeroPadding2d(1)`, `[1, 2]` in height and width, `[[1, 0], [2, 2]]` before and after. (N, height, width, C) */
export const zeroPadding2d = (padding?: Margins, options?: SpatialOptions): ZeroPadding =>
  new ZeroPadding(2, padding, options);

/** Zeros around volumes: `zeroPadding3d(1)`. (N, depth, height, width, C) */
export const zeroPadding3d = (padding?: Margins, options?: SpatialOptions): ZeroPadding =>
  new ZeroPadding(3, padding, options);
