import type { Context, HasVariables, Key, Tensor, TensorTree, VariableTree, variables } from "@tenon/tensor";

/** What is trained: a layer of `@tenon/layers`, or anything with these methods. */
export interface Model {
  /** The predictions for a batch, (B, …) → (B, …); of several inputs or outputs a list or record. */
  call(x: any, ctx: Context): any;
  [variables](): VariableTree;
  /** Makes the Variables, for a model that is not built yet. */
  build?(options: { readonly key: Key; readonly inputs: any }): unknown;
  /** Whether it can be called; a model without this field can. */
  readonly built?: boolean;
}

/** The loss of each example, or one for all: `(predictions, targets) → loss`. What it gives is averaged. */
export type Loss = (predictions: Tensor, targets: Tensor) => Tensor;

/** A rule for updates that is not bound to parameters: a transform of `@tenon/optimizers`, or anything with `bind`. */
export interface Optimizer {
  bind(target: HasVariables): BoundOptimizer;
}

/** A rule with parameters and state. */
export interface BoundOptimizer {
  /** Assigns the parameters after one step, and the state. Gradients have the structure of the target. */
  apply(grads: object | null): void;
  [variables](): VariableTree;
}

/** What is measured over many examples, some at a time: a metric of `@tenon/metrics`, or anything with these functions. */
export interface Metric {
  readonly name: string;
  /** Before the first batch. */
  init(): TensorTree;
  /** After some more examples; part of the step. */
  update(state: any, predictions: Tensor, targets: Tensor): TensorTree;
  /** What the examples so far amount to, read on the host: a number, or a table. */
  result(state: any): unknown;
}

/** Numbers by name, such as `loss` and `accuracy`. */
export type Logs = Readonly<Record<string, number>>;

/** What an evaluation gives: the loss, and what each metric has, by its name; mostly numbers, but a table of a confusion matrix. */
export type Evaluation = { readonly loss: number } & Readonly<Record<string, any>>;
