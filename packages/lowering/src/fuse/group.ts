import type { Dim, Node, Tensor } from "@tenon/ir";

/**
 * Nodes that become one kernel.
 *
 * A group runs over rows: one iteration for each index into `rows`. What depends on row axes alone is computed once per row;
 * the other axes of a member are inner ones, over which its row loops. In a `dot` group the rows are the axes of the product,
 * in a `claimed` one those of the first result of a composite that the target keeps whole, and the other members are its epilogue.
 */
export interface Group {
  readonly kind: "loops" | "dot" | "claimed" | "sort" | "scatter" | "control";
  /** Operands before users; a group of another kind than `loops` begins with its anchor. */
  readonly nodes: readonly Node[];
  /** What others read or the function returns. Everything else is computed where it is needed. */
  readonly outputs: readonly Tensor[];
  readonly rows: readonly Dim[];
  /**
   * For each node, which row axis each axis of its results is, or −1 for an inner axis. Axes of size 1 may be −1 too. Nodes that only
   * move elements are not among them.
   */
  readonly axes: ReadonlyMap<Node, readonly number[]>;
}

/** A function in groups, in an order in which each reads what groups before it have written. */
export interface Fused {
  readonly groups: readonly Group[];
  /** What lies in memory when it is read: inputs, dense constants, and the outputs of groups. */
  readonly stored: ReadonlySet<Tensor>;
}
