import { type Context, checked, checkOptions, concat, fail, sameDim, shapeText, type Tensor } from "@tenon/tensor";
import { checkInteger } from "./check.ts";
import { Layer } from "./layer.ts";
import { keepMasks } from "./mask.ts";
import { operandsOf, several, type Tensors } from "./merge.ts";

/** Inputs one after another along an axis, in their common dtype. (…, a), (…, b), … → (…, a + b + …) */
export class Concatenate extends Layer<Tensors, Tensor> {
  readonly axis: number;

  constructor(options: { readonly axis?: number } = {}) {
    super();
    checkOptions("concatenate", options, ["axis"]);
    this.axis = checkInteger("concatenate", "axis", options.axis ?? -1);
  }

  override get kind(): string {
    return "concatenate";
  }

  override describe(): string {
    return this.axis === -1 ? "concatenate" : `concatenate axis ${this.axis}`;
  }

  override forward(xs: Tensors, _ctx: Context): Tensor {
    const list = several("concatenate", xs, 1);
    checked(
      "concatenate",
      operandsOf(list),
      () => `give them equal sizes in all axes but ${this.axis}`,
      () => this.#check(list),
    );
    return keepMasks(list, concat(list, { axis: this.axis }));
  }

  #check(list: readonly Tensor[]): void {
    const [first] = list as [Tensor];
    const at = this.axis < 0 ? this.axis + first.rank : this.axis;
    if (at < 0 || at >= first.rank) fail("E205", `axis ${this.axis} is outside rank ${first.rank}`);
    list.forEach((x, i) => {
      if (x.rank !== first.rank) fail("E206", `inputs[0] has rank ${first.rank} but inputs[${i}] has rank ${x.rank}`);
      if (x.shape.every((d, axis) => axis === at || sameDim(d, first.shape[axis]!))) return;
      fail(
        "E203",
        `inputs[0] is ${shapeText(first.shape)} but inputs[${i}] is ${shapeText(x.shape)}, which differ outside axis ${this.axis}`,
      );
    });
  }
}

/** A layer that puts its inputs one after another along `axis`, the last by default: `concatenate().call([x, y])`. */
export const concatenate = (options: { readonly axis?: number } = {}): Concatenate => new Concatenate(options);
