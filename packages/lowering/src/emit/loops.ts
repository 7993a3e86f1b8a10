import { type Node, sameDim, type Tensor, topologicalOrder } from "@tenon/ir";
import { entry } from "../entry.ts";
import type { Group } from "../fuse/group.ts";
import { constantIndex, indexOfDim } from "../index-expression.ts";
import type { Index } from "../index-node.ts";
import { rare } from "../parts.ts";
import { isMove } from "../view-moves.ts";
import type { Emitter } from "./emitter.ts";
import { isReduction, type Reduction, reductionOf } from "./reduction.ts";

/** Something that a row does in loops: gather an element, or store one for each iteration. */
interface Work {
  /** Extents of the loops. */
  readonly sizes: readonly Index[];
  readonly gathers: boolean;
  /** What comes before the loops, in an iteration, and after them. */
  open?(): void;
  iterate(inner: readonly Index[]): void;
  close?(): void;
}

/**
 * Rows in parallel; in a row, stage by stage, what is gathered and what is stored. A stage has all that needs nothing but what earlier
 * ones have gathered; what loops over the same extents there shares a loop.
 */
export function emitLoops(group: Group, emitter: Emitter): void {
  const { writer } = emitter;
  const sizes = group.rows.map(indexOfDim);
  const rows = sizes.map((size) => writer.axis("i", size));
  const stages = stagesOf(group, emitter, rows);
  writer.loops(rows, sizes, "parallel", () => {
    for (const stage of stages) for (const shared of stage.values()) emitShared(shared, emitter);
  });
}

function emitShared(list: readonly Work[], { writer }: Emitter): void {
  for (const work of list) work.open?.();
  const { sizes } = list[0]!;
  const inner = sizes.map((size) => writer.axis("j", size));
  const role = list.some((work) => work.gathers) ? "reduce" : "parallel";
  writer.loops(inner, sizes, role, () => {
    for (const work of list) work.iterate(inner);
  });
  for (const work of list) work.close?.();
}

/** What the group does, by the number of gatherings that must come before, and by the extents of its loops. */
function stagesOf(group: Group, emitter: Emitter, rows: readonly Index[]): readonly ReadonlyMap<string, Work[]>[] {
  const stages: Map<string, Work[]>[] = [];
  const add = (stage: number, work: Work): void => {
    while (stages.length <= stage) stages.push(new Map());
    const key = work.sizes.map((size) => size.id).join();
    entry(stages[stage]!, key, () => []).push(work);
  };
  const indexIn = (node: Node): readonly (Index | undefined)[] => rowIndex(group, node, rows);
  const outputs = new Set(group.outputs);
  const levels = new Map<Node, number>();
  const held = (node: Node): boolean => !isMove(node) && node.outputs.some((t) => emitter.holds(t));
  for (const node of topologicalOrder(group.outputs, held)) {
    if (held(node)) continue;
    let level = 0;
    for (const x of node.inputs) level = Math.max(level, levels.get(x.node) ?? 0);
    // behind a mask that holds nowhere there may be what no group computes
    const sum = isReduction(node) && group.axes.has(node);
    levels.set(node, sum ? level + 1 : level);
    for (const t of node.outputs) {
      // an axis of size 0 has no variable: there is nothing to compute
      if (t.shape.includes(0)) continue;
      if (sum) add(level, gathering(emitter, t, indexIn(node)));
      if (outputs.has(t)) add(levels.get(node)!, storing(emitter, t, indexIn(node)));
    }
  }
  return stages;
}

/** For each axis of a node's results the row variable, or undefined for an inner axis. */
function rowIndex({ axes }: Group, node: Node, rows: readonly Index[]): readonly (Index | undefined)[] {
  const list = axes.get(node);
  if (list === undefined) throw rare.now.failures.ungrouped(node);
  return node.results[0]!.shape.map((size, axis) => {
    if (sameDim(size, 1)) return constantIndex(0);
    const row = list[axis]!;
    return row < 0 ? undefined : rows[row]!;
  });
}

function gathering(emitter: Emitter, tensor: Tensor, index: readonly (Index | undefined)[]): Work {
  const { writer } = emitter;
  const reduction: Reduction = reductionOf(tensor.node);
  const row = index.map((x) => x ?? constantIndex(0));
  const looped = withoutOnes(reduction.sizes);
  let register: ReturnType<typeof writer.register>;
  return {
    sizes: looped.sizes,
    gathers: true,
    open() {
      register = writer.register(reduction.type, reduction.combine);
    },
    iterate: (inner) => writer.update(register, reduction.term(emitter, row, looped.index(inner))),
    close() {
      emitter.place(row).values.set(tensor, reduction.result(writer, writer.read(register)));
    },
  };
}

function storing(emitter: Emitter, tensor: Tensor, index: readonly (Index | undefined)[]): Work {
  const sizes = tensor.shape.flatMap((size, axis) => (index[axis] === undefined ? [indexOfDim(size)] : []));
  return {
    sizes,
    gathers: false,
    iterate(inner) {
      let next = 0;
      emitter.store(
        tensor,
        index.map((x) => x ?? inner[next++]!),
      );
    },
  };
}

/** Extents without those of 1, and the index that an iteration over them is at. */
function withoutOnes(all: readonly Index[]): {
  readonly sizes: readonly Index[];
  index(inner: readonly Index[]): readonly Index[];
} {
  const one = constantIndex(1);
  return {
    sizes: all.filter((size) => size !== one),
    index(inner) {
      let next = 0;
      return all.map((size) => (size === one ? constantIndex(0) : inner[next++]!));
    },
  };
}
