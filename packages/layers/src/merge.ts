import {
  broadcastShapes,
  type Context,
  checked,
  fail,
  maximum as larger,
  OptionError,
  type Shape,
  shapeText,
  minimum as smaller,
  Tensor,
} from "@tenon/tensor";
import { Layer } from "./layer.ts";
import { keepMasks } from "./mask.ts";

/** What a layer of several inputs takes: a list of tensors, or a record of them. */
export type Tensors = readonly Tensor[] | Readonly<Record<string, Tensor>>;

/** The inputs of a layer that merges, at least so many. */
export function several(kind: string, xs: Tensors, least: number, most = Infinity): readonly Tensor[] {
  const list = xs instanceof Tensor ? [xs] : Object.values(xs);
  if (list.length >= least && list.length <= most) return list;
  const found = xs instanceof Tensor ? "the input is one tensor" : `the list has ${list.length} inputs`;
  throw new OptionError("E803", kind, `${found} where ${most === least ? least : `at least ${least}`} are wanted`, {
    fix: `give a list, as in ${kind}().call([x, y])`,
  });
}

/** The inputs by number, for errors. */
export const operandsOf = (list: readonly Tensor[]): Readonly<Record<string, Tensor>> =>
  Object.fromEntries(list.map((x, i) => [`inputs[${i}]`, x]));

/** In one rank, as in Keras: what has fewer axes gets some of size 1 after that of the examples. */
function aligned(list: readonly Tensor[]): readonly Tensor[] {
  const rank = Math.max(...list.map((x) => x.rank));
  return list.map((x) => {
    const missing = new Array<number>(x.rank === 0 ? 0 : rank - x.rank).fill(1);
    return x.reshape([...x.shape.slice(0, 1), ...missing, ...x.shape.slice(1)]);
  });
}

const rules = {
  add: (x: Tensor, y: Tensor) => x.add(y),
  subtract: (x: Tensor, y: Tensor) => x.sub(y),
  multiply: (x: Tensor, y: Tensor) => x.mul(y),
  average: (x: Tensor, y: Tensor) => x.add(y),
  maximum: (x: Tensor, y: Tensor) => larger(x, y),
  minimum: (x: Tensor, y: Tensor) => smaller(x, y),
} as const;

/** What `Merge` can do with its inputs. */
export type MergeRule = keyof typeof rules;

/**
 * Several inputs as one, element by element: their sum, product, mean, largest or smallest, or the difference of two.
 * (N, …), (N, …), … → (N, …)
 *
 * Sizes of 1 are repeated, and inputs of fewer axes get some after that of the examples, as in Keras: (N, C) goes with
 * (N, H, W, C).
 */
export class Merge extends Layer<Tensors, Tensor> {
  readonly rule: MergeRule;

  constructor(rule: MergeRule) {
    super();
    this.rule = rule;
  }

  override get kind(): string {
    return this.rule;
  }

  override forward(xs: Tensors, _ctx: Context): Tensor {
    const list = several(this.rule, xs, this.rule === "subtract" ? 2 : 1, this.rule === "subtract" ? 2 : Infinity);
    const inputs = aligned(list);
    checked(
      this.rule,
      operandsOf(list),
      () => "give all inputs one shape, or sizes of 1 where they are to be repeated",
      () => checkShapes(inputs, list),
    );
    const y = inputs.reduce(rules[this.rule]);
    return keepMasks(list, this.rule === "average" ? y.div(inputs.length) : y);
  }
}

function checkShapes(inputs: readonly Tensor[], given: readonly Tensor[]): void {
  let shape: Shape = inputs[0]!.shape;
  inputs.forEach((x, i) => {
    const together = broadcastShapes(shape, x.shape);
    if (together === undefined)
      fail("E203", `inputs[${i}] is ${shapeText(given[i]!.shape)}, which does not fit ${shapeText(shape)}`);
    shape = together;
  });
}

/** A layer that adds its inputs: `add().call([x, y])`. */
export const add = (): Merge => new Merge("add");

/** A layer that takes the second of two inputs from the first: `subtract().call([x, y])`. */
export const subtract = (): Merge => new Merge("subtract");

/** A layer that multiplies its inputs, element by element: `multiply().call([x, gate])`. */
export const multiply = (): Merge => new Merge("multiply");

/** A layer that takes the mean of its inputs: `average().call([x, y])`. */
export const average = (): Merge => new Merge("average");

/** A layer that takes the largest of its inputs, element by element. */
export const maximum = (): Merge => new Merge("maximum");

/** A layer that takes the smallest of its inputs, element by element. */
export const minimum = (): Merge => new Merge("minimum");
