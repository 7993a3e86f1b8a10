import { type Context, checkOptions, constant, cos, sin, stack, type Tensor } from "@tenon/tensor";
import { checkNumber, fixedSize, refuse } from "./check.ts";
import { Layer } from "./layer.ts";
import { keepMask } from "./mask.ts";
import { type PositionedInput, placesOf, positioned } from "./positions.ts";

export interface SinusoidalPositionOptions {
  /** The longest wave is nearly `2π·base` steps; 10,000 by default, as in the paper. */
  readonly base?: number;
}

const form = "(examples, steps, features)";

/**
 * Adds to each step sines and cosines of its place, of which two features have one wavelength:
 * `y_{t,2i} = x_{t,2i} + sin(t·base^(−2i/d))`, and the cosine to feature `2i + 1`. (N, T, d) → (N, T, d)
 *
 * Keras's gives the waves alone. Vaswani et al. 2017, Attention is all you need, arXiv:1706.03762, section 3.5.
 */
export class SinusoidalPosition extends Layer<PositionedInput> {
  readonly base: number;

  constructor(options: SinusoidalPositionOptions = {}) {
    super();
    checkOptions("sinusoidalPosition", options, ["base"]);
    this.base = checkNumber("sinusoidalPosition", "base", options.base ?? 10_000, 1, Infinity);
  }

  override get kind(): string {
    return "sinusoidalPosition";
  }

  override forward(given: PositionedInput, _ctx: Context): Tensor {
    const { x, offset } = positioned("sinusoidalPosition", given, form, 3);
    const features = fixedSize("sinusoidalPosition", x, -1);
    if (features % 2 !== 0)
      refuse("sinusoidalPosition", x, "E203", `the input has ${features} features, which are no pairs`, evenFix);
    const half = features / 2;
    const rates = constant(Array.from({ length: half }, (_, i) => this.base ** (-i / half)));
    const angle = placesOf(x, offset).cast("float32").expandDims(1).mul(rates); // (T, d/2)
    const waves = stack([sin(angle), cos(angle)], { axis: -1 }).reshape([x.shape[1]!, features]);
    return keepMask(x, x.add(waves.cast(x.dtype)));
  }
}

const evenFix = "give it an even number of features";

/** A layer that adds sines and cosines of each place: `sinusoidalPosition()`. */
export const sinusoidalPosition = (options: SinusoidalPositionOptions = {}): SinusoidalPosition =>
  new SinusoidalPosition(options);
