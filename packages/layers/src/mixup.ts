import { argsort, type Context, currentPath, DTypeError, isFloat, randomUniform, type Tensor } from "@tenon/tensor";
import { checkNumber, refuse } from "./check.ts";
import { Layer } from "./layer.ts";
import { betaTable, symmetricBeta } from "./symmetric-beta.ts";

/** Inputs with what should be answered to them, as numbers that can be mixed. */
export interface Mixable {
  readonly x: Tensor;
  readonly y: Tensor;
}

/**
 * In training each example is mixed with another of its batch, inputs and targets alike: `λ·a + (1 − λ)·b`, λ of the beta
 * distribution with both parameters `alpha`, drawn for each example; in inference the input itself. Shapes are kept.
 *
 * Targets are floats, so one-hot where they are classes, for a loss such as `categoricalCrossEntropy`. It stands before
 * the model, since it changes targets too: `const { x, y } = mix.call(batch, ctx)`. Which example goes with which is a
 * random order of the batch; an example may meet itself. Zhang, Cissé, Dauphin & Lopez-Paz 2018, mixup: beyond empirical
 * risk minimization, arXiv:1710.09412.
 */
export class Mixup extends Layer<Mixable, Mixable> {
  readonly alpha: number;
  readonly #table: Float32Array;

  constructor(alpha = 0.2) {
    super();
    this.alpha = checkNumber("mixup", "alpha", alpha, 0.01, 100);
    this.#table = betaTable(alpha);
  }

  override get kind(): string {
    return "mixup";
  }

  override describe(): string {
    return `mixup ${this.alpha}`;
  }

  override forward({ x, y }: Mixable, ctx: Context): Mixable {
    checkMixable(x, y);
    if (!ctx.isTraining) return { x, y };
    const examples = x.shape[0]!;
    const partner = argsort(randomUniform(ctx.nextKey(), [examples]));
    const share = symmetricBeta(ctx.nextKey(), this.alpha, this.#table, [examples]);
    const mixed = (own: Tensor): Tensor => {
      const weight = share.cast(own.dtype).reshape([examples, ...own.shape.slice(1).map(() => 1)]);
      const other = own.take(partner, { axis: 0 });
      return other.add(own.sub(other).mul(weight));
    };
    return { x: mixed(x), y: mixed(y) };
  }
}

function checkMixable(x: Tensor, y: Tensor): void {
  for (const [name, value] of Object.entries({ x, y })) {
    if (isFloat(value.dtype)) continue;
    throw new DTypeError("E201", "mixup", `${name} is ${value.dtype} where floats are wanted`, {
      operands: { x, y },
      at: currentPath(),
      fix: "make one-hot rows of classes, as in y.oneHot(10)",
    });
  }
  if (x.rank === 0 || y.rank === 0 || String(x.shape[0]) !== String(y.shape[0])) {
    refuse(
      "mixup",
      x,
      "E204",
      `x has the shape [${x.shape.join(", ")}] but y has [${y.shape.join(", ")}]`,
      "give as many targets as inputs",
    );
  }
}

/** A layer that mixes pairs of examples in training: `mixup(0.2).call({ x, y }, ctx)`. */
export const mixup = (alpha = 0.2): Mixup => new Mixup(alpha);
