import {
  batchNormInference,
  type Context,
  checkOptions,
  type HostKey,
  batchNorm as normalize,
  type Tensor,
  type TensorType,
  type Variable,
  variable,
} from "@tenon/tensor";
import { Affine, type AffineOptions, affineNames, affineValues } from "./affine.ts";
import { checkNumber, fixedSize, refuse } from "./check.ts";
import { ones, zeros } from "./initializers/constant.ts";
import { Layer } from "./layer.ts";
import { keepMask } from "./mask.ts";

export interface BatchNormOptions extends AffineOptions {
  /** The channels' axis; the last by default. */
  readonly axis?: number;
  /** What part of the moving statistics a step keeps; 0.99 by default, as in Keras. PyTorch's momentum is 1 less this. */
  readonly momentum?: number;
  /** Added to the variance; 1e-3 by default, as in Keras (PyTorch: 1e-5). */
  readonly eps?: number;
}

/**
 * Each channel with mean 0 and variance 1, times a scale, plus a bias. (N, *, C) → (N, *, C)
 *
 * In training the mean and variance are those of the batch, and the moving ones go a step towards them:
 * `moving = momentum·moving + (1 − momentum)·batch`. In inference the moving ones are used, and so they are where scale
 * and bias are both frozen, as in Keras: a frozen layer neither changes nor depends on the batch.
 *
 * The defaults are Keras's. PyTorch's `BatchNorm(momentum=0.1, eps=1e-5)` is `batchNorm({ momentum: 0.9, eps: 1e-5 })`, but
 * that it divides the variance it keeps by n − 1 instead of n. Ioffe & Szegedy 2015, arXiv:1502.03167, algorithms 1 and 2.
 */
export class BatchNorm extends Layer {
  readonly axis: number;
  readonly momentum: number;
  readonly eps: number;
  scale: Variable | null = null;
  bias: Variable | null = null;
  movingMean!: Variable;
  movingVariance!: Variable;
  readonly #affine: Affine;

  constructor(options: BatchNormOptions = {}) {
    super();
    checkOptions("batchNorm", options, ["axis", "momentum", "eps", ...affineNames]);
    const { axis = -1, momentum = 0.99, eps = 1e-3 } = options;
    this.axis = axis;
    this.momentum = checkNumber("batchNorm", "momentum", momentum, 0, 1);
    this.eps = checkNumber("batchNorm", "eps", eps, 0, Infinity);
    this.#affine = new Affine("batchNorm", options);
  }

  override get kind(): string {
    return "batchNorm";
  }

  override buildSelf(key: HostKey, input: TensorType): void {
    const shape = [fixedSize("batchNorm", input, this.axis)];
    Object.assign(this, this.#affine.variables(key, shape));
    this.movingMean = variable(zeros(key, shape), { role: "statistic" });
    this.movingVariance = variable(ones(key, shape), { role: "statistic" });
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    this.#check(x);
    const options = { axis: this.axis, eps: this.eps, ...affineValues(this) };
    const { movingMean, movingVariance } = this;
    if (!ctx.isTraining || this.#frozen()) {
      return keepMask(x, batchNormInference(x, movingMean.value, movingVariance.value, options));
    }
    const { y, mean, variance } = normalize(x, options);
    this.#move(movingMean, mean);
    this.#move(movingVariance, variance);
    return keepMask(x, y);
  }

  #frozen(): boolean {
    const affine = [this.scale, this.bias].filter((v) => v !== null);
    return affine.length > 0 && affine.every((v) => !v.trainable);
  }

  #move(moving: Variable, now: Tensor): void {
    moving.assign(moving.value.mul(this.momentum).add(now.cast(moving.dtype).mul(1 - this.momentum)));
  }

  #check(x: Tensor): void {
    const [channels] = this.movingMean.shape;
    const found = fixedSize("batchNorm", x, this.axis);
    if (found === channels) return;
    refuse(
      "batchNorm",
      x,
      "E204",
      `axis ${this.axis} has ${found} channels but the layer was built for ${channels}`,
      `give it ${channels} channels`,
    );
  }

  override penalties(): readonly Tensor[] {
    return this.#affine.penalties(this);
  }
}

/** A layer that normalises each channel over the batch: `batchNorm()`. */
export const batchNorm = (options: BatchNormOptions = {}): BatchNorm => new BatchNorm(options);
