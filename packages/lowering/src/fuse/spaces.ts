import { type Dim, isLeaf, type Node, type Tensor } from "@tenon/ir";
import { factorIndices } from "../emit/reduction.ts";
import { addIndex, constantIndex, indexAxis, indexOfDim } from "../index-expression.ts";
import type { Index } from "../index-node.ts";
import { always } from "../index-predicate.ts";
import { indexAxes, viewOf } from "../view.ts";
import { isMove, originsOf } from "../view-moves.ts";

/** What a node computes over: an index for each axis of its result, and for each axis that it sums or selects over. */
export interface Space {
  readonly rows: readonly Index[];
  readonly inner: readonly (readonly [index: Index, size: Dim])[];
  /** For each operand, where an iteration reads it; undefined where it reads other places too. */
  readonly operands: readonly (readonly Index[] | undefined)[];
  /** Stands for an index that data says. */
  readonly anywhere?: Index;
}

/** A tensor that a node reads through movement ops. */
export interface SpaceRead {
  readonly source: Tensor;
  /** For each axis of the source the axis of the space that goes along it; `null` for an axis of size 1. */
  readonly axes: readonly (Index | null)[] | undefined;
}

/** How the structural ops that are no movement read their operands, from iterations over `rows`. */
const spaces: Readonly<Record<string, (node: Node, rows: readonly Index[]) => Omit<Space, "rows">>> = {
  reduce({ inputs, attrs }, rows) {
    const x = inputs[0]!;
    const axes = attrs.axes as readonly number[];
    const inner = axes.map((axis, n) => innerAxis(n, x.shape[axis]!));
    let row = 0;
    const at = x.shape.map((_, axis) => (axes.includes(axis) ? inner[axes.indexOf(axis)]![0] : rows[row++]!));
    return { inner, operands: [at] };
  },
  gather({ inputs, attrs }, rows) {
    const [x, indices] = inputs as readonly [Tensor, Tensor];
    const { axis, batch } = attrs as unknown as { readonly axis: number; readonly batch: number };
    const behind = axis + indices.rank - batch;
    const anywhere = indexAxis("anywhere", indexOfDim(x.shape[axis]!));
    const entry = [...rows.slice(0, batch), ...rows.slice(axis, behind)];
    return { inner: [], anywhere, operands: [[...rows.slice(0, axis), anywhere, ...rows.slice(behind)], entry] };
  },
  dynamic_slice: ({ inputs }) => ({ inner: [], operands: [undefined, ...inputs.slice(1).map(() => [])] }),
  dynamic_update: ({ inputs }, rows) => ({ inner: [], operands: [rows, undefined, ...inputs.slice(2).map(() => [])] }),
  dot(node, rows) {
    const contracted = (node.attrs.contract as unknown as readonly (readonly number[])[])[0]!;
    const inner = contracted.map((axis, n) => innerAxis(n, node.inputs[0]!.shape[axis]!));
    return {
      inner,
      operands: factorIndices(
        node,
        rows,
        inner.map(([index]) => index),
      ),
    };
  },
};

const innerAxis = (n: number, size: Dim): readonly [Index, Dim] => [indexAxis(`k${n}`, indexOfDim(size)), size];

/** The space of a node. Of an op that is not listed above and no scalar, nothing is known of what it reads where. */
export function spaceOf(node: Node): Space {
  const rows = indexAxes(node.outputs[0]!);
  const scalar = node.op.kind === "scalar" || node.op.evaluate !== undefined;
  const rule = scalar ? undefined : spaces[node.op.name];
  return {
    rows,
    ...(rule?.(node, rows) ?? { inner: [], operands: node.inputs.map(() => (scalar ? rows : undefined)) }),
  };
}

/** What a node reads, behind movement ops; what stands in the graph as one number or a count is not read. */
export function readsOf(node: Node, { rows, operands }: Space): readonly SpaceRead[] {
  if (isMove(node))
    return originsOf(node, rows).flatMap(({ operand, index, mask }) => viewReads(operand, index, mask === always));
  return operands.flatMap((index, i) => {
    const x = node.inputs[i]!;
    return viewReads(x, index ?? indexAxes(x), index !== undefined);
  });
}

/** The reads of a tensor at an index. A movement op with too many operands is a source itself. */
function viewReads(tensor: Tensor, index: readonly Index[], along: boolean): readonly SpaceRead[] {
  return viewOf(tensor, index)
    .reads.filter(({ source }) => !isImplied(source))
    .map(({ source, index: at, mask }) => ({
      source,
      axes: along && mask === always ? alongAxes(source, at) : undefined,
    }));
}

/** What lies in memory before anything is computed: inputs, and constants that are lists. */
export const isGiven = ({ node }: Tensor): boolean => isLeaf(node) || typeof node.attrs.value === "object";

/** A tensor without memory: one number for every element, a count, a size. A loop may have no operands either, but it runs. */
export const isImplied = (t: Tensor): boolean => implied.has(t.op.name) && !isGiven(t);

const implied: ReadonlySet<string> = new Set(["constant", "iota", "dim"]);

/** Which plain variable stands for each axis, if that is all there is, each with the size of the axis. */
function alongAxes({ shape }: Tensor, index: readonly Index[]): readonly (Index | null)[] | undefined {
  const seen = new Set<Index>();
  for (const [i, x] of index.entries()) {
    if (x.kind !== "variable") {
      if (x !== constantIndex(0) || shape[i] !== 1) return undefined;
    } else if (seen.has(x) || addIndex(x.max, 1) !== indexOfDim(shape[i]!)) return undefined;
    seen.add(x);
  }
  return index.map((x) => (x.kind === "variable" ? x : null));
}
