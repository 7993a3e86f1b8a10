import type { Tensor, TensorTree } from "@tenon/tensor";

/**
 * A number, or table, about many examples, of which some come at a time.
 *
 * `init` and `update` are tensor code: the state is a tree of tensors, in and out, so that an update can stand in a compiled
 * evaluation step. The result is the same for every way to split the examples into batches, and for any order.
 */
export interface Metric<State extends TensorTree = any, Result = unknown> {
  readonly name: string;
  /** The state before the first example. */
  init(): State;
  /**
   * The state after some more examples.
   *
   * @param weights How often each example counts; once by default.
   */
  update(state: State, predictions: Tensor, targets: Tensor, weights?: Tensor): State;
  /** What the examples so far amount to, read on the host. */
  result(state: State): Promise<Result>;
}
