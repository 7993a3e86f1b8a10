import {
  type Context,
  checkOptions,
  dimMul,
  OptionError,
  type PerAxis,
  resize,
  type Tensor,
  valueText,
} from "@tenon/tensor";
import { refuse } from "./check.ts";
import { Layer } from "./layer.ts";
import { checkDataFormat, checkPlaces, perAxis, type SpatialOptions, type SpatialRank, sizeText } from "./spatial.ts";

/** How the new places come by their values: by the nearest one, or by the straight line between its neighbours. */
export type Interpolation = "nearest" | "linear" | "bilinear" | "trilinear";

export interface UpSamplingOptions extends SpatialOptions {
  /** `"nearest"` by default; or `"linear"` of sequences, `"bilinear"` of images, `"trilinear"` of volumes. */
  readonly interpolation?: Interpolation;
}

const linear = { 1: "linear", 2: "bilinear", 3: "trilinear" } as const;

/** Each spatial axis so many times as long. (N, …places, C) → (N, …more places, C) */
export class UpSampling extends Layer {
  readonly rank: SpatialRank;
  readonly size: readonly number[];
  readonly interpolation: Interpolation;

  constructor(rank: SpatialRank, size: PerAxis = 2, options: UpSamplingOptions = {}) {
    super();
    this.rank = rank;
    const { kind } = this;
    this.size = perAxis(kind, "size", size, rank);
    checkOptions(kind, options, ["interpolation", "dataFormat"]);
    checkDataFormat(kind, options.dataFormat);
    const { interpolation = "nearest" } = options;
    if (interpolation !== "nearest" && interpolation !== linear[rank]) {
      throw new OptionError("E803", kind, `interpolation is ${valueText(interpolation)}, which is unknown`, {
        fix: `use "nearest" or "${linear[rank]}"`,
      });
    }
    this.interpolation = interpolation;
  }

  override get kind(): string {
    return `upSampling${this.rank}d`;
  }

  override describe(): string {
    return `${this.kind} ${sizeText(this.size)}${this.interpolation === "nearest" ? "" : ` ${this.interpolation}`}`;
  }

  override forward(x: Tensor, _ctx: Context): Tensor {
    checkPlaces(this.kind, x, this.rank);
    if (this.interpolation === "nearest") return repeated(x, this.size);
    const size = this.size.map((times, i) => {
      const n = x.shape[i + 1]!;
      if (typeof n === "number") return n * times;
      return refuse(
        this.kind,
        x,
        "E203",
        `axis ${i + 1} has the size ${n}, and lines between places need a number`,
        `give inputs a number for ${n}, or use interpolation: "nearest"`,
      );
    });
    return resize(x, { size, method: "linear" });
  }
}

/** Each place so many times along each spatial axis. */
function repeated(x: Tensor, times: readonly number[]): Tensor {
  const places = x.shape.slice(1, -1);
  const around = (inner: Tensor["shape"]): Tensor["shape"] => [x.shape[0]!, ...inner, x.shape.at(-1)!];
  return x
    .reshape(around(places.flatMap((n) => [n, 1])))
    .broadcastTo(around(places.flatMap((n, i) => [n, times[i]!])))
    .reshape(around(places.map((n, i) => dimMul(n, times[i]!))));
}

/** Sequences with each step repeated: `upSampling1d(2)`. (N, steps, C) */
export const upSampling1d = (size?: PerAxis, options?: UpSamplingOptions): UpSampling =>
  new UpSampling(1, size, options);

/** Larger images: `upSampling2d(2, { interpolation: "bilinear" })`. (N, height, width, C) */
export const upSampling2d = (size?: PerAxis, options?: UpSamplingOptions): UpSampling =>
  new UpSampling(2, size, options);

/** Larger volumes: `upSampling3d(2)`. (N, depth, height, width, C) */
export const upSampling3d = (size?: PerAxis, options?: UpSamplingOptions): UpSampling =>
  new UpSampling(3, size, options);
