import { isLeaf, type Node, sameDim, type Tensor } from "@tenon/ir";
import { constantIndex, indexAxis, indexOfDim } from "../index-expression.ts";
import type { Index } from "../index-node.ts";
import { always } from "../index-predicate.ts";
import { viewOf } from "../view.ts";
import { isMove, originsOf } from "../view-moves.ts";

/** What a node computes over: an index for each axis of its result, and for each axis that it sums or selects over. */
export interface Space {
  readonly rows: readonly Index[];
  readonly inner: readonly Index[];
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
  readonly operand: number;
}

const ints = (value: unknown): readonly number[] => value as readonly number[];
const rowsOf = ({ shape }: { readonly shape: Tensor["shape"] }): Index[] =>
  shape.map((size, axis) => indexAxis(`i${axis}`, indexOfDim(size)));

/** How the structural ops that are no movement read their operands. */
const spaces: Readonly<Record<string, (node: Node) => Space>> = {
  reduce(node) {
    const x = node.inputs[0]!;
    const all = rowsOf(x);
    const axes = ints(node.attrs.axes);
    return { rows: all.filter((_, i) => !axes.includes(i)), inner: axes.map((i) => all[i]!), operands: [all] };
  },
  gather(node) {
    const { axis, batch } = node.attrs as unknown as { readonly axis: number; readonly batch: number };
    const rows = rowsOf(node.outputs[0]!);
    const free = node.inputs[1]!.rank - batch;
    const anywhere = indexAxis("anywhere", indexOfDim(node.inputs[0]!.shape[axis]!));
    const x = [...rows.slice(0, axis), anywhere, ...rows.slice(axis + free)];
    return { rows, inner: [], anywhere, operands: [x, [...rows.slice(0, batch), ...rows.slice(axis, axis + free)]] };
  },
  dynamic_slice: (node) => ({
    rows: rowsOf(node.outputs[0]!),
    inner: [],
    operands: [undefined, ...node.inputs.slice(1).map(() => [])],
  }),
  dynamic_update(node) {
    const rows = rowsOf(node.outputs[0]!);
    return { rows, inner: [], operands: [rows, undefined, ...node.inputs.slice(2).map(() => [])] };
  },
  dot(node) {
    const { contract, batch } = node.attrs as unknown as Record<"contract" | "batch", readonly (readonly number[])[]>;
    const [a, b] = node.inputs as readonly [Tensor, Tensor];
    const free = [a, b].map((x, side) =>
      x.shape.flatMap((_, i) => ([...batch[side]!, ...contract[side]!].includes(i) ? [] : [i])),
    );
    const rows = rowsOf(node.outputs[0]!);
    const inner = contract[0]!.map((i, n) => indexAxis(`k${n}`, indexOfDim(a.shape[i]!)));
    const index = (x: Tensor, side: number, first: number): Index[] =>
      x.shape.map((_, i) => {
        const [c, g] = [contract[side]!.indexOf(i), batch[side]!.indexOf(i)];
        return c >= 0 ? inner[c]! : g >= 0 ? rows[g]! : rows[first + free[side]!.indexOf(i)]!;
      });
    const shared = batch[0]!.length;
    return { rows, inner, operands: [index(a, 0, shared), index(b, 1, shared + free[0]!.length)] };
  },
};

/** The space of a node. Of an op that is not listed above and no scalar, nothing is known of what it reads where. */
export function spaceOf(node: Node): Space {
  const rows = rowsOf(node.outputs[0]!);
  if (node.op.kind === "scalar" || node.op.evaluate !== undefined)
    return { rows, inner: [], operands: node.inputs.map(() => rows) };
  return spaces[node.op.name]?.(node) ?? { rows, inner: [], operands: node.inputs.map(() => undefined) };
}

/** What a node reads, behind movement ops; what stands in the graph as one number or a count is not read. */
export function readsOf(node: Node, { operands }: Space): readonly SpaceRead[] {
  if (isMove(node)) {
    return originsOf(node, rowsOf(node.outputs[0]!)).flatMap(({ operand, index, mask }) =>
      viewReads(operand, index, 0).map((read) => (mask === always ? read : { ...read, axes: undefined })),
    );
  }
  return operands.flatMap((index, operand) => {
    const x = node.inputs[operand]!;
    if (index !== undefined) return viewReads(x, index, operand);
    return viewReads(x, rowsOf(x), operand).map(({ source }) => ({ source, axes: undefined, operand }));
  });
}

/** The reads of a tensor at an index. A movement op with too many operands is a source itself. */
function viewReads(tensor: Tensor, index: readonly Index[], operand: number): readonly SpaceRead[] {
  const { reads } = viewOf(tensor, index);
  return reads
    .filter(({ source }) => !isImplied(source))
    .map(({ source, index: at, mask }) => ({
      source,
      axes: mask === always ? alongAxes(source, at) : undefined,
      operand,
    }));
}

/** A tensor without memory: one number for every element, a count, a size. */
export const isImplied = ({ node }: Tensor): boolean =>
  node.inputs.length === 0 && !isLeaf(node) && typeof node.attrs.value !== "object";

/** Which plain variable stands for each axis, if that is all there is, each with the size of the axis. */
function alongAxes(source: Tensor, index: readonly Index[]): readonly (Index | null)[] | undefined {
  const seen = new Set<Index>();
  const axes: (Index | null)[] = [];
  for (let i = 0; i < index.length; i++) {
    const [x, size] = [index[i]!, source.shape[i]!];
    if (x === constantIndex(0) && sameDim(size, 1)) axes.push(null);
    else if (x.kind === "variable" && !seen.has(x) && indexAxis(x.name, indexOfDim(size)) === x) {
      seen.add(x);
      axes.push(x);
    } else return undefined;
  }
  return axes;
}
