import {
  type Context,
  checked,
  type Dim,
  dropout as drop,
  fail,
  type HostKey,
  hostSplit,
  linear,
  ones,
  type Shape,
  sameShape,
  scan,
  select,
  shapeText,
  Tensor,
  type TensorType,
  type Variable,
  variable,
  zeros,
} from "@tenon/tensor";
import { type ActivationChoice, type ChosenActivation, chooseActivation } from "./activations.ts";
import { checkNumber, checkSize, fixedSize, refuse } from "./check.ts";
import type { InitializerChoice } from "./initializers/initializer.ts";
import { Layer } from "./layer.ts";
import { masked, maskOf } from "./mask.ts";
import { Parameter } from "./parameter.ts";
import { typeOfPart } from "./place.ts";
import type { Regularizer } from "./regularizers.ts";

/** A sequence, and the state to begin with: a tensor (N, units), or a list of them, as `returnState` gives them. */
export interface SequenceWithState {
  readonly input: Tensor;
  readonly state: Tensor | readonly Tensor[];
}

/** What a recurrent layer is called with. */
export type SequenceInput = Tensor | SequenceWithState;

export interface RecurrentOptions {
  /** `tanh` by default. */
  readonly activation?: ActivationChoice;
  /** Whether biases are added; true by default. */
  readonly useBias?: boolean;
  /** Of the weights of the input; `glorotUniform` by default. */
  readonly kernelInit?: InitializerChoice;
  /** Of the weights of the state; `orthogonal` by default. */
  readonly recurrentInit?: InitializerChoice;
  /** `zeros` by default. */
  readonly biasInit?: InitializerChoice;
  readonly kernelRegularizer?: Regularizer;
  readonly recurrentRegularizer?: Regularizer;
  readonly biasRegularizer?: Regularizer;
  /** The share of the input's features that is dropped in training, the same ones at all steps; 0 by default. */
  readonly dropout?: number;
  /** The share of the state that the gates do not see in training, the same at all steps; 0 by default. */
  readonly recurrentDropout?: number;
  /** Whether the result is what each step gives, and not the last one alone; false by default. */
  readonly returnSequences?: boolean;
  /** Whether the result is a list, in which the last state comes after it; false by default. */
  readonly returnState?: boolean;
  /** Whether the steps go from the last to the first, and so do their results; false by default. */
  readonly goBackwards?: boolean;
  /** Whether a call begins where the last one ended, until `resetState`; false by default. */
  readonly stateful?: boolean;
}

export const recurrentNames = [
  ...["activation", "useBias", "kernelInit", "recurrentInit", "biasInit"],
  ...["kernelRegularizer", "recurrentRegularizer", "biasRegularizer", "dropout", "recurrentDropout"],
  ...["returnSequences", "returnState", "goBackwards", "stateful"],
];

/** What sets one recurrent layer apart from another. */
export interface Cell {
  readonly kind: string;
  /** How many times `units` the columns of the kernels are. */
  readonly gates: number;
  /** How many tensors the state has; the first is the result. */
  readonly states: number;
}

/**
 * A layer that goes along a sequence and takes its own state of the step before as an input. (N, T, in) → (N, units), or
 * (N, T, units) with `returnSequences`
 *
 * What the inputs contribute, `x·kernel + bias`, is one product for all steps; the loop adds what the state does. At a step
 * that a mask leaves out, the state stays, and so does the result. The features that `dropout` drops are the same at all
 * steps (Gal & Ghahramani 2016, A theoretically grounded application of dropout in recurrent neural networks,
 * arXiv:1512.05287).
 *
 * @typeParam Y A tensor, or with `returnState` a list: the result, and the tensors of the state.
 */
export abstract class Recurrent<Y = Tensor> extends Layer<SequenceInput, Y> {
  readonly units: number;
  /** (in, gates·units) */
  kernel!: Variable;
  /** (units, gates·units) */
  recurrentKernel!: Variable;
  /** (gates·units) */
  bias: Variable | null = null;
  /** With `stateful`, what the last call ended with. (N, units) */
  state: readonly Variable[] = [];
  readonly options: RecurrentOptions;
  protected readonly activation: ChosenActivation;
  readonly #cell: Cell;
  readonly #kernel: Parameter;
  readonly #recurrent: Parameter;
  readonly #bias: Parameter;

  constructor(cell: Cell, units: number, options: RecurrentOptions) {
    super();
    const { kind } = cell;
    const { kernelInit = "glorotUniform", recurrentInit = "orthogonal", biasInit = "zeros" } = options;
    this.#cell = cell;
    this.units = checkSize(kind, "units", units);
    this.options = options;
    this.activation = chooseActivation(kind, options.activation ?? "tanh");
    this.#kernel = new Parameter(kind, "kernel", kernelInit, options.kernelRegularizer);
    this.#recurrent = new Parameter(kind, "recurrent", recurrentInit, options.recurrentRegularizer);
    this.#bias = new Parameter(kind, "bias", biasInit, options.biasRegularizer);
    checkNumber(kind, "dropout", options.dropout ?? 0, 0, 1, true);
    checkNumber(kind, "recurrentDropout", options.recurrentDropout ?? 0, 0, 1, true);
  }

  /** The state after a step, from what its input contributes, the state before it, and what the gates see of `h`. */
  protected abstract step(z: Tensor, state: readonly Tensor[], seen: Tensor): readonly Tensor[];

  /** The initial bias. */
  protected makeBias(init: Parameter, key: HostKey, size: number): Variable {
    return init.make(key, [size]);
  }

  /** The bias that is added to what the input contributes. */
  protected inputBias(): Tensor | undefined {
    return this.bias?.value;
  }

  /** The same layer, not built, from the other end. */
  abstract reversed(): Recurrent<Y>;

  override get kind(): string {
    return this.#cell.kind;
  }

  override describe(): string {
    const { returnSequences = false, goBackwards = false } = this.options;
    const { name } = this.activation;
    const words = [
      this.kind,
      this.units,
      ...(name === "tanh" ? [] : [name]),
      ...(returnSequences ? ["sequences"] : []),
      ...(goBackwards ? ["backwards"] : []),
    ];
    return `${words.join(" ")}, ${this.#kernel.start}`;
  }

  override buildSelf(key: HostKey, ...inputs: readonly TensorType[]): void {
    const input = typeOfPart(this, inputs, "input");
    this.#checkRank(input);
    const { useBias = true, stateful = false } = this.options;
    const columns = this.#cell.gates * this.units;
    const [kernelKey, recurrentKey, biasKey] = hostSplit(key, 3);
    this.kernel = this.#kernel.make(kernelKey!, [fixedSize(this.kind, input, -1), columns]);
    this.recurrentKernel = this.#recurrent.make(recurrentKey!, [this.units, columns]);
    if (useBias) this.bias = this.makeBias(this.#bias, biasKey!, columns);
    if (!stateful) return;
    const shape = [this.#examples(input), this.units];
    this.state = Array.from({ length: this.#cell.states }, () => variable(zeros(shape), { role: "statistic" }));
  }

  override forward(given: SequenceInput, ctx: Context): Y {
    const { returnState = false, goBackwards = false, dropout = 0 } = this.options;
    const [x, start] = given instanceof Tensor ? [given] : [given.input, given.state];
    this.#check(x);
    const rate = ctx.isTraining ? dropout : 0;
    const inputs = rate === 0 ? x : x.mul(this.#kept([x.shape[0]!, 1, x.shape[2]!], rate, ctx));
    const bias = this.inputBias();
    const z = linear(inputs.swapAxes(0, 1), this.kernel.value, { ...(bias !== undefined && { bias }) }); // (T, N, gates·units)
    const mask = maskOf(x);
    const real = mask?.swapAxes(0, 1).expandDims(2);
    const [state, ys] = this.#run(z, real, this.#start(start, x, z), ctx);
    this.state.forEach((v, i) => void v.assign(state[i]!));
    const y = ys === null ? state[0]! : this.#sequence(ys, goBackwards, mask);
    return (returnState ? [y, ...state] : y) as Y;
  }

  /** The loop: the last state, and with `returnSequences` what each step gives, (T, N, units). */
  #run(
    z: Tensor,
    real: Tensor | undefined,
    start: readonly Tensor[],
    ctx: Context,
  ): readonly [state: readonly Tensor[], ys: Tensor | null] {
    const { returnSequences = false, goBackwards = false, recurrentDropout = 0 } = this.options;
    const rate = ctx.isTraining ? recurrentDropout : 0;
    const kept = rate === 0 ? undefined : this.#kept(start[0]!.shape, rate, ctx);
    const body = (state: readonly Tensor[], at: { readonly z: Tensor; readonly real: Tensor | null }) => {
      const [h] = state;
      const next = this.step(at.z, state, kept === undefined ? h! : h!.mul(kept));
      const after = at.real === null ? next : next.map((s, i) => select(at.real!, s, state[i]!));
      return [after, returnSequences ? after[0]! : null] as const;
    };
    return scan(body, start, { z, real: real ?? null }, { reverse: goBackwards });
  }

  #sequence(ys: Tensor, goBackwards: boolean, mask: Tensor | undefined): Tensor {
    const y = ys.swapAxes(0, 1);
    return goBackwards ? masked(y.reverse({ axis: 1 }), mask?.reverse({ axis: 1 })) : masked(y, mask);
  }

  /** 0 for what is dropped, and for the rest the number that keeps the mean. */
  #kept(shape: Shape, rate: number, ctx: Context): Tensor {
    return drop(ones(shape), ctx.nextKey(), { rate });
  }

  /** The state to begin with: what is given, what the last call ended with, or zero. */
  #start(given: SequenceWithState["state"] | undefined, x: Tensor, z: Tensor): readonly Tensor[] {
    const wanted = [x.shape[0]!, this.units];
    const found = given === undefined ? this.state.map((v) => v.value) : [given].flat();
    const { states } = this.#cell;
    if (found.length === 0 && given === undefined) return Array.from({ length: states }, () => zeros(wanted, z.dtype));
    checked(
      this.kind,
      { x, ...Object.fromEntries(found.map((s, i) => [`state[${i}]`, s])) },
      () => this.#stateFix(given !== undefined),
      () => {
        if (found.length !== states) fail("E209", `state has ${found.length} of ${states} tensors`);
        for (const [i, s] of found.entries())
          if (!sameShape(s.shape, wanted))
            fail("E203", `state[${i}] is ${shapeText(s.shape)} where ${shapeText(wanted)} is wanted`);
      },
    );
    return found;
  }

  #stateFix(given: boolean): string {
    return given
      ? `give state as ${this.#cell.states === 1 ? "one tensor" : `a list of ${this.#cell.states} tensors`} of (examples, ${this.units})`
      : "give a stateful layer as many examples in each call as it was built for";
  }

  /** Sets what a stateful layer begins with to zero, as before another text. */
  resetState(): void {
    for (const v of this.state) v.assign(zeros(v.shape, v.dtype));
  }

  #checkRank(x: TensorType): void {
    if (x.shape.length === 3) return;
    refuse(
      this.kind,
      x,
      "E206",
      `the input has rank ${x.shape.length}, not 3, in (examples, steps, features)`,
      x.shape.length === 2
        ? "give each step a list of features, as by reshape([-1, 1]), or by embedding for words"
        : "flatten what follows the steps into features, as by timeDistributed(flatten())",
    );
  }

  #check(x: Tensor): void {
    this.#checkRank(x);
    const features = this.kernel.shape[0]!;
    if (x.shape[2] === features) return;
    refuse(
      this.kind,
      x,
      "E204",
      `the input has ${x.shape[2]} features but the layer was built for ${features}`,
      `give it ${features} features at each step, the last axis`,
    );
  }

  #examples(input: TensorType): number {
    const n: Dim = input.shape[0]!;
    if (typeof n === "number") return n;
    return refuse(
      this.kind,
      input,
      "E203",
      `the number of examples is ${n}, and a stateful layer keeps the state of each`,
      "build it for a number of examples, as in spec([32, 10, 8]), or leave stateful out",
    );
  }

  override penalties(): readonly Tensor[] {
    return [
      ...this.#kernel.penalties(this.kernel),
      ...this.#recurrent.penalties(this.recurrentKernel),
      ...this.#bias.penalties(this.bias),
    ];
  }
}

/** The parts of the last axis, one gate after another. */
export function gatesOf(x: Tensor, count: number): Tensor[] {
  const units = Number(x.shape.at(-1)) / count;
  return Array.from({ length: count }, (_, k) => x.sliceAxis(-1, k * units, (k + 1) * units));
}
