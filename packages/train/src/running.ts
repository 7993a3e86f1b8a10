import {
  applyOp,
  type BackendChoice,
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

/**
 * What is gathered over the batches of an epoch: the mean loss of all examples, and the state of each metric. It lives in
 * Variables, so that a step updates it on the device and the host reads it when it wants to.
 */
export class Running {
  readonly metrics: readonly Metric[];
  /** Sum over batches of the batch's mean loss times its examples. */
  readonly total: Variable;
  readonly count: Variable;
  readonly states: readonly VariableTree[];
  readonly #backend: BackendChoice | undefined;
  /** Whether there may be something to forget. */
  used = false;
  #reset: (() => Promise<unknown>) | undefined;

  /** @param prefix First words of the names of the Variables. */
  constructor(metrics: readonly Metric[], prefix: string, backend: BackendChoice | undefined) {
    this.metrics = metrics;
    this.#backend = backend;
    this.total = variable(zeros([]), { name: `${prefix}.loss`, role: "state" });
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
    return [this.total, this.count, ...this.states.flatMap(leavesOf)];
  }

  /** Takes a batch in. Part of the step. */
  update(loss: Tensor, predictions: Tensor, targets: Tensor): void {
    this.used = true;
    const [examples] = applyOp(dimOp, [], { expr: batchOf(targets), dtype: "int32" });
    this.total.assign(this.total.value.add(loss.mul(examples!.cast("float32"))));
    this.count.assign(this.count.value.add(examples!));
    for (const [i, metric] of this.metrics.entries()) {
      const tree = this.states[i]!;
      const next = treeLeaves<unknown>(metric.update(valuesOf(tree), predictions, targets)) as Tensor[];
      leavesOf(tree).forEach((v, j) => {
        v.assign(next[j]!.cast(v.dtype));
      });
    }
  }

  /** The mean loss so far. Part of the step. */
  get loss(): Tensor {
    return this.total.value.div(this.count.value.cast("float32").maximum(1));
  }

  /** What each metric has come to, by its name. Waits for the device. */
  async results(): Promise<Record<string, unknown>> {
    const found = await Promise.all(this.metrics.map((metric, i) => metric.result(valuesOf(this.states[i]!))));
    return Object.fromEntries(this.metrics.map(({ name }, i) => [name, found[i]]));
  }

  /** Begins anew without a look at what was, which may be lost. */
  forget(): void {
    this.total.assign(zeros([]));
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
    this.#reset ??= compile(() => this.forget(), {
      ...{ name: "reset", ...(this.#backend !== undefined && { backend: this.#backend }) },
    });
    await this.#reset();
  }
}

const leavesOf = (tree: VariableTree): Variable[] => treeLeaves<unknown>(tree) as Variable[];
const valuesOf = (tree: VariableTree): never => treeMap((v: Variable) => v.value, tree) as never;

const batchOf = (targets: Tensor): Dim => targets.shape[0]!;

function checkedState(metric: Metric, leaf: unknown): Tensor {
  if (leaf instanceof Tensor) return leaf;
  throw new OptionError("E803", "metrics", `${metric.name} begins as ${valueText(leaf)}, which is no tensor`, {
    fix: "return tensors from init, such as zeros([])",
  });
}
