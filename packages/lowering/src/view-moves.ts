import { type AttrValue, type Dim, dimAtMost, dimMul, type Node, type Shape, sameDim, type Tensor } from "@tenon/ir";
import { maximum } from "./index-choice.ts";
import { floorDiv, modIndex } from "./index-division.ts";
import { addIndex, constantIndex, indexOfDim, multiplyIndex, subtractIndex } from "./index-expression.ts";
import type { Index, Predicate } from "./index-node.ts";
import { always, and, atMost, equalIndex, lessThan } from "./index-predicate.ts";

/** One of the operands that an element of a movement op's result may come from. */
export interface Origin {
  readonly operand: Tensor;
  readonly index: readonly Index[];
  /** Where the element comes from this operand, unless an earlier origin has it. It implies that the index is inside. */
  readonly mask: Predicate;
}

/** Where the element at `index` of a node's result comes from. */
type Move = (node: Node, index: readonly Index[]) => readonly Origin[];

const dims = (value: AttrValue): readonly Dim[] => value as readonly Dim[];
const ints = (value: AttrValue): readonly number[] => value as readonly number[];
const sizes = (shape: Shape): Index[] => shape.map(indexOfDim);

/** A move that reads one operand everywhere. */
const everywhere =
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
  [
    "reverse",
    everywhere(({ attrs }, index, { shape }) =>
      index.map((x, i) => (ints(attrs.axes).includes(i) ? subtractIndex(addIndex(indexOfDim(shape[i]!), -1), x) : x)),
    ),
  ],
  // y[…, o, …, k] = x[…, stride·o + dilation·k, …]
  [
    "windows",
    everywhere(({ attrs }, index, { rank }) =>
      index.slice(0, rank).map((place, axis) => {
        const i = ints(attrs.axes).indexOf(axis);
        if (i < 0) return place;
        const entry = multiplyIndex(index[rank + i]!, ints(attrs.dilation)[i]!);
        return addIndex(multiplyIndex(place, ints(attrs.stride)[i]!), entry);
      }),
    ),
  ],
  ["reshape", everywhere((node, index, { shape }) => reshaped(node.results[0]!.shape, index, shape))],
  ["pad", padded],
  ["concat", joined],
]);

/** Whether a node only moves elements. */
export const isMove = (node: Node): boolean => node.op.kind === "structural" && moves.has(node.op.name);

/** Where the element at `index` of a movement op's result comes from; the last origin has what the others leave. */
export const originsOf = (node: Node, index: readonly Index[]): readonly Origin[] =>
  moves.get(node.op.name)!(node, index);

/**
 * Elements lie `interior + 1` apart from `lo` on; between and around them is the value. With `t = i − lo` an element is at
 * `0 ≤ t ≤ (n − 1)(interior + 1)` where that is a multiple of `interior + 1`.
 */
function padded({ attrs, inputs }: Node, index: readonly Index[]): readonly Origin[] {
  const [operand, value] = inputs as readonly [Tensor, Tensor];
  const conditions: Predicate[] = [];
  const inside = index.map((x, i) => {
    const step = ints(attrs.interior)[i]! + 1;
    const t = subtractIndex(x, indexOfDim(dims(attrs.lo)[i]!));
    const last = multiplyIndex(addIndex(indexOfDim(operand.shape[i]!), -1), step);
    conditions.push(atMost(0, t), atMost(t, last), equalIndex(modIndex(t, step), 0));
    return floorDiv(t, step);
  });
  return [
    { operand, index: inside, mask: and(...conditions) },
    { operand: value, index: [], mask: always },
  ];
}

/** Operand k has the elements from the sum of the sizes before it up to that sum and its own size. */
function joined({ attrs, inputs }: Node, index: readonly Index[]): readonly Origin[] {
  const axis = attrs.axis as number;
  let start = constantIndex(0) as Index;
  return inputs.map((operand) => {
    const end = addIndex(start, indexOfDim(operand.shape[axis]!));
    const own = index.map((x, i) => (i === axis ? subtractIndex(x, start) : x));
    const mask = and(atMost(start, index[axis]!), lessThan(index[axis]!, end));
    start = end;
    return { operand, index: own, mask };
  });
}

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
