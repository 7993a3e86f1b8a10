import {
  type Context,
  checkOptions,
  type HostKey,
  groupNorm as normalize,
  type Tensor,
  type TensorType,
  type Variable,
} from "@tenon/tensor";
import { Affine, type AffineOptions, affineNames, affineValues } from "./affine.ts";
import { checkNumber, checkSize, fixedSize, refuse } from "./check.ts";
import { Layer } from "./layer.ts";
import { keepMask } from "./mask.ts";

export interface GroupNormOptions extends AffineOptions {
  /** Added to the variance; 1e-3 by default, as in Keras (PyTorch: 1e-5). */
  readonly eps?: number;
}

/**
 * Each group of channels of each example with mean 0 and variance 1, times a scale, plus a bias per channel; channels are
 * the last axis. Unlike `batchNorm` it does not depend on the other examples. (N, *, C) → (N, *, C)
 *
 * Wu & He 2018, Group normalization, arXiv:1803.08494.
 */
export class GroupNorm extends Layer {
  /** How many groups the channels fall into; null where each channel is a group of its own. */
  readonly groups: number | null;
  readonly eps: number;
  scale: Variable | null = null;
  bias: Variable | null = null;
  readonly #affine: Affine;
  #channels = 0;

  constructor(groups: number | null = 32, options: GroupNormOptions = {}) {
    super();
    this.groups = groups === null ? null : checkSize("groupNorm", "groups", groups);
    checkOptions(this.kind, options, ["eps", ...affineNames]);
    this.eps = checkNumber(this.kind, "eps", options.eps ?? 1e-3, 0, Infinity);
    this.#affine = new Affine(this.kind, options);
  }

  override get kind(): string {
    return this.groups === null ? "instanceNorm" : "groupNorm";
  }

  override describe(): string {
    return this.groups === null ? "instanceNorm" : `groupNorm ${this.groups}`;
  }

  override buildSelf(key: HostKey, input: TensorType): void {
    const channels = fixedSize(this.kind, input, -1);
    const groups = this.groups ?? channels;
    if (channels % groups !== 0) {
      refuse(
        this.kind,
        input,
        "E203",
        `${channels} channels do not divide into ${groups} groups`,
        "give groups a divisor of the channels",
      );
    }
    this.#channels = channels;
    Object.assign(this, this.#affine.variables(key, [channels]));
  }

  override forward(x: Tensor, _ctx: Context): Tensor {
    const channels = x.rank < 2 ? undefined : x.shape.at(-1);
    if (channels !== this.#channels) {
      const found = channels === undefined ? `the input has rank ${x.rank}` : `the input has ${channels} channels`;
      refuse(
        this.kind,
        x,
        channels === undefined ? "E206" : "E204",
        `${found} but the layer was built for (N, *, ${this.#channels})`,
        `give it ${this.#channels} channels, the last axis`,
      );
    }
    const groups = this.groups ?? this.#channels;
    return keepMask(x, normalize(x, { groups, eps: this.eps, ...affineValues(this) }));
  }

  override penalties(): readonly Tensor[] {
    return this.#affine.penalties(this);
  }
}

/** A layer that normalises groups of channels of each example, 32 groups by default: `groupNorm(8)`. */
export const groupNorm = (groups = 32, options: GroupNormOptions = {}): GroupNorm => new GroupNorm(groups, options);
