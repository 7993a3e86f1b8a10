import {
  applyOp,
  type CompileSettings,
  compile,
  type Dim,
  dimOp,
  OptionError,
  Tensor,
  type Variable,
  type VariableTree,
  valueText,
  variable,
  zeros,
} from "@tenon/tensor";
import { treeEntries, treeFlatten, treeLeaves, treeMap, treeUnflatten } from "@tenon/tree";
import type { Metric } from "./model.ts";
import { nameIn, type Output } from "./outputs.ts";

/** What the outputs of a model are for a batch, with the mean loss of each. */
export interface Judged {
  readonly predictions: Tensor;
  readonly targets: Tensor;
  readonly loss: Tensor;
}

/**
 * What is gathered over the batches of an epoch: the mean loss of all examples, that of each output where there are several,
 * and the state of each metric. It lives in Variables, so that a step updates it on the device and the host reads it when it
 * wants to.
 */
export class Running {
  readonly metrics: readonly Metric[];
  /** What the losses are called in the history. */
  readonly lossNames: readonly string[];
  /** For each loss, the sum over batches of the batch's mean loss times its examples. */
  readonly totals: readonly Variable[];
  readonly count: Variable;
  readonly states: readonly VariableTree[];
  readonly #settings: CompileSettings;
  readonly #outputs: readonly Output[];
  /** Whether there may be something to forget. */
  used = false;
  #reset: (() => Promise<unknown>) | undefined;

  /** @param prefix First words of the names of the Variables. */
  constructor(outputs: readonly Output[], prefix: string, settings: CompileSettings) {
    const metrics = outputs.flatMap((output) => output.metrics);
    this.metrics = metrics;
    this.#settings = settings;
    this.#outputs = outputs;
    const own = outputs.length > 1 ? outputs.map(({ name }) => nameIn(name, "loss")) : [];
    this.lossNames = ["loss", ...own];
    this.totals = this.lossNames.map((name) => variable(zeros([]), { name: `${prefix}.${name}`, role: "state" }));
    this.count = variable(zeros([], "int32"), { name: `${prefix}.count`, role: "state" });
    this.states = metrics.map((metric) => {
      const { leaves, structure } = treeFlatten<unknown>(metric.init());
      const paths = treeEntries<unknown>(treeUnflatten(structure, leaves)).map(([path]) => path);
      const held = leaves.map((leaf, i) =>
        variable(checkedState(metric, leaf), {
          name: [prefix, metric.name, ...(paths[i] === "" ? [] : [paths[i]])].join("."),
          role: "state",
        }),
      );
      return treeUnflatten(structure, held) as VariableTree;
    });
  }

  get variables(): readonly Variable[] {
    return [...this.totals, this.count, ...this.states.flatMap(leavesOf)];
  }

  /** Takes a batch in: its whole loss, and what its outputs are. Part of the step. */
  update(loss: Tensor, judged: readonly Judged[]): void {
    this.used = true;
    const [examples] = applyOp(dimOp, [], { expr: batchOf(judged), dtype: "int32" });
    const losses = [loss, ...judged.map((each) => each.loss)];
    for (const [i, total] of this.totals.entries()) {
      total.assign(total.value.add(losses[i]!.mul(examples!.cast("float32"))));
    }
    this.count.assign(this.count.value.add(examples!));
    const of = this.#outputs.flatMap(({ metrics }, i) => metrics.map(() => judged[i]!));
    for (const [i, metric] of this.metrics.entries()) {
      const tree = this.states[i]!;
      const { predictions, targets } = of[i]!;
      const next = treeLeaves<unknown>(metric.update(valuesOf(tree), predictions, targets)) as Tensor[];
      leavesOf(tree).forEach((v, j) => {
        v.assign(next[j]!.cast(v.dtype));
      });
    }
  }

  /** The mean losses so far, of the whole and of each output. Part of the step. */
  get losses(): readonly Tensor[] {
    const count = this.count.value.cast("float32").maximum(1);
    return this.totals.map((total) => total.value.div(count));
  }

  /** Losses by name, from the numbers that `losses` became. */
  named(values: ArrayLike<number>): Record<string, number> {
    return Object.fromEntries(this.lossNames.map((name, i) => [name, values[i]!]));
  }

  /** What each metric has come to, by its name. Waits for the device. */
  async results(): Promise<Record<string, unknown>> {
    const found = await Promise.all(this.metrics.map((metric, i) => metric.result(valuesOf(this.states[i]!))));
    return Object.fromEntries(this.metrics.map(({ name }, i) => [name, found[i]]));
  }

  /** Begins anew without a look at what was, which may be lost. */
  forget(): void {
    for (const total of this.totals) total.assign(zeros([]));
    this.count.assign(zeros([], "int32"));
    for (const [i, metric] of this.metrics.entries()) {
      const initial = treeLeaves<unknown>(metric.init()) as Tensor[];
      leavesOf(this.states[i]!).forEach((v, j) => {
        v.assign(initial[j]!);
      });
    }
  }

  /** Forgets all batches, by a program of its own where there were any. */
  async reset(): Promise<void> {
    if (!this.used) return;
    this.#reset ??= compile(() => this.forget(), { ...this.#settings, name: "reset" });
    await this.#reset();
  }
}

const leavesOf = (tree: VariableTree): Variable[] => treeLeaves<unknown>(tree) as Variable[];
const valuesOf = (tree: VariableTree): never => treeMap((v: Variable) => v.value, tree) as never;

const batchOf = ([first]: readonly Judged[]): Dim => (treeLeaves<unknown>(first!.targets) as Tensor[])[0]!.shape[0]!;

function checkedState(metric: Metric, leaf: unknown): Tensor {
  if (leaf instanceof Tensor) return leaf;
  throw new OptionError("E803", "metrics", `${metric.name} begins as ${valueText(leaf)}, which is no tensor`, {
    fix: "return tensors from init, such as zeros([])",
  });
}
