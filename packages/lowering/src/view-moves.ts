import { type AttrValue, type Dim, dimAtMost, dimMul, type Node, type Shape, sameDim, type Tensor } from "@tenon/ir";
import { maximum } from "./index-choice.ts";
import { floorDiv, modIndex } from "./index-division.ts";
import { addIndex, constantIndex, indexOfDim, multiplyIndex } from "./index-expression.ts";
import type { Index, Predicate } from "./index-node.ts";
import { always } from "./index-predicate.ts";
import { rare } from "./parts.ts";

/** One of the operands that an element of a movement op's result may come from. */
export interface Origin {
  readonly operand: Tensor;
  readonly index: readonly Index[];
  /** Where the element comes from this operand, unless an earlier origin has it. It implies that the index is inside. */
  readonly mask: Predicate;
}

/** Where the element at `index` of a node's result comes from. */
export type Move = (node: Node, index: readonly Index[]) => readonly Origin[];

export const dims = (value: AttrValue): readonly Dim[] => value as readonly Dim[];
export const ints = (value: AttrValue): readonly number[] => value as readonly number[];
const sizes = (shape: Shape): Index[] => shape.map(indexOfDim);

/** A move that reads one operand everywhere. */
export const everywhere =
  (place: (node: Node, index: readonly Index[], operand: Tensor) => readonly Index[]): Move =>
  (node, index) => [{ operand: node.inputs[0]!, index: place(node, index, node.inputs[0]!), mask: always }];

/** The structural ops that only say where elements are read. */
const moves: ReadonlyMap<string, Move> = new Map<string, Move>([
  // axis i of the operand is axis dims[i] of the result, or stays at 0 where it is repeated
  [
    "broadcast",
    everywhere(({ attrs }, index, { shape }) =>
      ints(attrs.dims).map((d, i) => (sameDim(shape[i]!, 1) ? constantIndex(0) : index[d]!)),
    ),
  ],
  // axis i of the result is axis perm[i] of the operand
  ["transpose", everywhere(({ attrs }, index) => index.map((_, axis) => index[ints(attrs.perm).indexOf(axis)]!))],
  [
    "slice",
    everywhere(({ attrs }, index) =>
      index.map((x, i) => addIndex(indexOfDim(dims(attrs.start)[i]!), multiplyIndex(x, ints(attrs.stride)[i]!))),
    ),
  ],
  ["reshape", everywhere((node, index, { shape }) => reshaped(node.results[0]!.shape, index, shape))],
  ...["reverse", "windows", "pad", "concat"].map((op): [string, Move] => [
    op,
    (...read) => rare.now.moves[op]!(...read),
  ]),
]);

/** Whether a node only moves elements. */
export const isMove = (node: Node): boolean => node.op.kind === "structural" && moves.has(node.op.name);

/** Where the element at `index` of a movement op's result comes from; the last origin has what the others leave. */
export const originsOf = (node: Node, index: readonly Index[]): readonly Origin[] =>
  moves.get(node.op.name)!(node, index);

/**
 * The index into `to` of the element at `index` of `from`, both in row-major order. Runs of axes with equal products are
 * treated by themselves, so that an axis that both shapes share, such as a symbolic batch, stays as it is. Within a run the
 * place `f` is a number below the product, and axis k is `⌊f / S_k⌋ mod s_k` for the product `S_k` of the sizes behind it;
 * the first one needs no remainder.
 */
function reshaped(from: Shape, index: readonly Index[], to: Shape): readonly Index[] {
  if (from.includes(0)) return to.map(() => constantIndex(0)); // there is no element
  const result: Index[] = [];
  for (const [sources, targets] of runsOf(from, to)) {
    const fromSizes = sizes(sources.map((k) => from[k]!));
    let place = constantIndex(0) as Index;
    sources.forEach((k, i) => {
      place = addIndex(multiplyIndex(place, fromSizes[i]!), index[k]!);
    });
    // where an element exists, every size is at least 1
    const toSizes = sizes(targets.map((k) => to[k]!)).map((size) => maximum(size, 1));
    let behind = constantIndex(1) as Index;
    for (let i = targets.length - 1; i >= 0; i--) {
      const quotient = floorDiv(place, behind);
      result[targets[i]!] = i === 0 ? quotient : modIndex(quotient, toSizes[i]!);
      behind = multiplyIndex(behind, toSizes[i]!);
    }
  }
  return to.map((_, k) => result[k] ?? constantIndex(0));
}

/** Shortest runs of axes of two shapes that hold equally many elements; axes of size 1 are in none. */
function runsOf(from: Shape, to: Shape): (readonly [sources: number[], targets: number[]])[] {
  const axesOf = (shape: Shape): number[] => shape.flatMap((d, k) => (d === 1 ? [] : [k]));
  const [sources, targets] = [axesOf(from), axesOf(to)];
  const runs: (readonly [number[], number[]])[] = [];
  while (sources.length > 0 || targets.length > 0) {
    const run = [sources.splice(0, 1), targets.splice(0, 1)] as const;
    const size = (k: 0 | 1): Dim => run[k].map((axis) => (k === 0 ? from : to)[axis]!).reduce(dimMul, 1 as Dim);
    for (let [a, b] = [size(0), size(1)]; !sameDim(a, b); [a, b] = [size(0), size(1)]) {
      const grow = targets.length === 0 || (sources.length > 0 && dimAtMost(a, b)) ? 0 : 1;
      run[grow].push(...(grow === 0 ? sources : targets).splice(0, 1));
    }
    runs.push(run);
  }
  return runs;
}
