import { any, type Context, checkOptions, notEqual, select, type Tensor } from "@tenon/tensor";
import { checkNumber, refuse } from "./check.ts";
import { Layer } from "./layer.ts";
import { masked } from "./mask.ts";

export interface MaskingOptions {
  /** What stands in every feature of a step that is not real; 0 by default. */
  readonly maskValue?: number;
}

/**
 * Leaves steps out whose features are all `maskValue`, with which short sequences were filled up: layers that heed masks
 * pass over them. Their features become 0. (N, T, features) → (N, T, features)
 */
export class Masking extends Layer {
  readonly maskValue: number;

  constructor(options: MaskingOptions = {}) {
    super();
    checkOptions("masking", options, ["maskValue"]);
    this.maskValue = checkNumber("masking", "maskValue", options.maskValue ?? 0, -Infinity, Infinity);
  }

  override get kind(): string {
    return "masking";
  }

  override describe(): string {
    return `masking ${this.maskValue}`;
  }

  override forward(x: Tensor, _ctx: Context): Tensor {
    if (x.rank < 3)
      refuse("masking", x, "E206", `the input has rank ${x.rank}, not (examples, steps, features)`, stepsFix);
    const real = any(notEqual(x, this.maskValue), { axis: -1 });
    return masked(select(real.expandDims(-1), x, 0), real);
  }
}

const stepsFix = "give each step a list of features, as by reshape([-1, 1]), or use embedding with maskZero for words";

/** A layer that leaves steps out which are filled with a value: `masking({ maskValue: -1 })`. */
export const masking = (options: MaskingOptions = {}): Masking => new Masking(options);
