import type { Dim, Node, Tensor } from "@tenon/ir";
import type { Group } from "./group.ts";

/** An axis of a group that is being put together; axes that turn out to be the same are one object. */
export interface Axis {
  readonly size: Dim;
  /** Set when the axis is found to be another one. */
  same?: Axis;
}

/** The axis that an axis has turned out to be. */
export function axisOf(axis: Axis): Axis {
  let last = axis;
  while (last.same !== undefined) last = last.same;
  return last;
}

/** A group that grows. */
export class Draft {
  readonly kind: Group["kind"];
  readonly nodes: Node[];
  /** One iteration each; of a draft that is not `fixed` some may yet become inner axes. */
  rows: readonly Axis[];
  /** Whether something is computed once per row that the inner axes have gone into, such as a sum. */
  fixed: boolean;
  /** Extents of what rows loop over. */
  readonly inner: (readonly Axis[])[] = [];
  /** Axes of the results of each node. */
  readonly axes = new Map<Node, readonly (Axis | null)[]>();
  /** What is read from outside. */
  readonly reads = new Set<Tensor>();
  /** Nodes whose results the group itself cannot read: sums that are complete only when it ends. */
  readonly sealed = new Set<Node>();
  /** Whether what reads it stays by itself. */
  readonly alone: boolean;
  /** Set when the draft has become part of another one. */
  into: Draft | undefined;
  /** Places in the order of nodes. */
  first: number;
  last: number;

  constructor(
    kind: Group["kind"],
    node: Node,
    place: number,
    rows: readonly Axis[],
    { fixed, alone }: Pick<Draft, "fixed" | "alone">,
  ) {
    this.kind = kind;
    this.nodes = [node];
    this.rows = rows;
    this.fixed = fixed;
    this.alone = alone;
    this.first = place;
    this.last = place;
  }
}

/** The draft that a draft has become part of. */
export function resolve(draft: Draft): Draft {
  let last = draft;
  while (last.into !== undefined) last = last.into;
  return last;
}
