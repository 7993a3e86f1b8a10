import { type Context, checkOptions, concat, OptionError, Tensor, valueText } from "@tenon/tensor";
import { Layer } from "./layer.ts";
import { masked, maskOf } from "./mask.ts";
import { Recurrent, type SequenceInput } from "./recurrent.ts";

const merges = {
  concat: (y: Tensor, z: Tensor) => concat([y, z], { axis: -1 }),
  sum: (y: Tensor, z: Tensor) => y.add(z),
  mul: (y: Tensor, z: Tensor) => y.mul(z),
  ave: (y: Tensor, z: Tensor) => y.add(z).div(2),
} as const;

/** How `bidirectional` puts the two results together; null leaves them a list of two. */
export type MergeMode = keyof typeof merges | null;

export interface BidirectionalOptions<Y> {
  /** `"concat"` by default. */
  readonly mergeMode?: MergeMode;
  /** The layer that goes the other way; by default one with the settings of the first. */
  readonly backwardLayer?: Recurrent<Y>;
}

/**
 * A sequence read from both ends, by two recurrent layers whose results are put together step by step.
 * (N, T, in) → (N, 2·units), or (N, T, 2·units) with `returnSequences`
 *
 * With `returnState` the state of the first layer comes before that of the second, and so it does in a state that is given.
 * Schuster & Paliwal 1997, Bidirectional recurrent neural networks.
 *
 * @typeParam Y A tensor, or a list of them with `returnState` or the merge mode null.
 */
export class Bidirectional<Y = Tensor> extends Layer<SequenceInput, Y> {
  readonly forwardLayer: Recurrent<any>;
  readonly backwardLayer: Recurrent<any>;
  readonly mergeMode: MergeMode;

  constructor(layer: Recurrent<any>, options: BidirectionalOptions<any> = {}) {
    super();
    checkOptions("bidirectional", options, ["mergeMode", "backwardLayer"]);
    const { mergeMode = "concat" } = options;
    if (!(layer instanceof Recurrent)) throw noRecurrent("the layer", layer);
    const { backwardLayer = layer.reversed() } = options;
    if (!(backwardLayer instanceof Recurrent)) throw noRecurrent("backwardLayer", backwardLayer);
    checkPair(layer, backwardLayer);
    if (mergeMode !== null && !Object.hasOwn(merges, mergeMode)) {
      throw new OptionError("E803", "bidirectional", `mergeMode is ${valueText(mergeMode)}, which is no merge mode`, {
        fix: `use one of ${Object.keys(merges).join(", ")}, or null`,
      });
    }
    this.forwardLayer = layer;
    this.backwardLayer = backwardLayer;
    this.mergeMode = mergeMode;
  }

  override get kind(): string {
    return "bidirectional";
  }

  override describe(): string {
    return `bidirectional ${this.mergeMode ?? "apart"}`;
  }

  override forward(given: SequenceInput, ctx: Context): Y {
    const [x, states] = given instanceof Tensor ? [given] : [given.input, [given.state].flat()];
    const half = (states?.length ?? 0) / 2;
    const run = (layer: Recurrent<any>, state: readonly Tensor[] | undefined): readonly Tensor[] =>
      [layer.call(state === undefined ? x : { input: x, state }, ctx) as Tensor | readonly Tensor[]].flat();
    const [y, ...state] = run(this.forwardLayer, states?.slice(0, half));
    const [z, ...otherState] = run(this.backwardLayer, states?.slice(half));
    const { returnSequences } = this.forwardLayer.options;
    const back = returnSequences ? z!.reverse({ axis: 1 }) : z!; // it gives its steps from the last to the first
    const mask = returnSequences ? maskOf(x) : undefined;
    const results =
      this.mergeMode === null ? [y!, masked(back, mask)] : [masked(merges[this.mergeMode](y!, back), mask)];
    const all = [...results, ...state, ...otherState];
    return (all.length === 1 ? all[0] : all) as Y;
  }

  /** Sets what stateful layers begin with to zero. */
  resetState(): void {
    this.forwardLayer.resetState();
    this.backwardLayer.resetState();
  }
}

function noRecurrent(what: string, found: unknown): OptionError {
  return new OptionError("E803", "bidirectional", `${what} is ${valueText(found)}, which is no recurrent layer`, {
    fix: "give lstm(…), gru(…) or simpleRNN(…)",
  });
}

function checkPair(layer: Recurrent<any>, other: Recurrent<any>): void {
  for (const name of ["goBackwards", "returnSequences", "returnState", "stateful"] as const) {
    const [mine, its] = [layer, other].map(({ options }) => options[name] ?? false);
    if ((mine === its) !== (name === "goBackwards")) continue;
    throw new OptionError("E803", "bidirectional", `${name} is ${mine} in the layer and ${its} in backwardLayer`, {
      fix: name === "goBackwards" ? "set it in one of the two" : "give both the same",
    });
  }
}

/** A sequence read from both ends: `bidirectional(lstm(64))`. */
export function bidirectional(
  layer: Recurrent<Tensor>,
  options?: BidirectionalOptions<Tensor> & { readonly mergeMode?: Exclude<MergeMode, null> },
): Bidirectional;
export function bidirectional(
  layer: Recurrent<any>,
  options?: BidirectionalOptions<any>,
): Bidirectional<readonly Tensor[]>;
export function bidirectional(layer: Recurrent<any>, options?: BidirectionalOptions<any>): Bidirectional<any> {
  return new Bidirectional(layer, options);
}
