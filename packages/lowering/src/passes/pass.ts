import type { Fn, Node, Tensor } from "@tenon/ir";

/**
 * What a pass does with one node, whose inputs have been rewritten already: tensors in the place of its results, or
 * undefined where the node stays. An undefined entry says that nothing reads that result.
 *
 * @param original The node as it was before its inputs were rewritten.
 */
export type Rule = (node: Node, original: Node) => readonly (Tensor | undefined)[] | undefined;

/** A rewrite of functions that keeps what they compute. */
export interface Pass {
  readonly name: string;
  /** The rule for the nodes of one function; called anew for every function and region, so that it may keep a table. */
  readonly start: (fn: Fn) => Rule;
}
