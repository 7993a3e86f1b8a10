import {
  accumulator,
  applyOp,
  type Dim,
  dimFloorDiv,
  dimMod,
  isFloat,
  MAX_RANK,
  type Node,
  reshape,
  sum,
  type Tensor,
  transpose,
} from "@tenon/ir";
import { inOrder } from "./in-order.ts";
import { likely, likelyCount } from "./likely.ts";
import { wideProduct } from "./wide-product.ts";

/** Rows, and columns, of the smallest tile of a result that a workgroup computes. */
const TILE = 32;
/**
 * Elements that all parts have together, in whole tiles: of the smallest, eight for each multiprocessor of a large device. There may be
 * up to twice as many, which is 8 MiB of float32, and no parts take more memory.
 */
const MOST = 2 ** 20;
/** Terms of a part. With fewer, the sum over the parts, which is a kernel more, costs about what they gain. */
const TERMS = 512;
/** Parts that one thread adds up; where more are better, the parts are split again. */
const PARTS = 64;

/** How many parts a product of so many elements, each a sum of so many terms, is better off with; below 2 it is left whole. */
export const partsFor = (elements: number, terms: number): number =>
  elements === 0 ? 0 : Math.min(PARTS, MOST / elements, terms / TERMS);

type Axes = readonly number[];
type Pairs = readonly [Axes, Axes];

/** How a contracted axis is divided: into so many parts, whose number becomes an axis of the batch. */
interface Division {
  /** Of the pairs of contracted axes. */
  readonly pair: number;
  readonly parts: number;
  /** What is left of it in a part; undefined where each part has one place. */
  readonly rest: Dim | undefined;
}

/**
 * A product as products of parts of the contracted axes, and the sum over the parts, where it has few results of many terms each, which
 * would keep few workgroups busy: the gradient of a dense layer's weights, say. Operands stay where they are, and are read in the order in
 * which they lie in memory; what is added up in which order is fixed.
 *
 * Where the number of results is not known, such as that of examples, nothing is split. An axis of unknown size is divided only as far as
 * that size is surely divided. Of 16-bit floats the product becomes one of float32 first, since parts would be rounded.
 */
export function splitProduct(node: Node): readonly Tensor[] | undefined {
  const { op, inputs, attrs, results } = node;
  if (op.name !== "dot") return undefined;
  const [a, b] = inputs as readonly [Tensor, Tensor];
  const { shape } = results[0]!;
  if (!isFloat(a.dtype) || !shape.every((size) => typeof size === "number")) return undefined;
  const { contract, batch } = attrs as unknown as Record<"contract" | "batch", Pairs>;
  const sizes = contract[0].map((axis) => a.shape[axis]!);
  const rows = a.rank - contract[0].length; // those of the batch are the first of them
  const shared = batch[0].length;
  const tiles = (axes: readonly Dim[]): number => Math.ceil(likelyCount(axes) / TILE) * TILE;
  const elements = likelyCount(shape.slice(0, shared)) * tiles(shape.slice(shared, rows)) * tiles(shape.slice(rows));
  const room = { operands: MAX_RANK - Math.max(a.rank, b.rank), result: MAX_RANK - shape.length };
  const divisions = divisionsOf(sizes, partsFor(elements, likelyCount(sizes)), room);
  if (divisions.length === 0) return undefined;
  if (accumulator(a.dtype) !== a.dtype) return [wideProduct(node)];
  const sides = [a, b].map((x, side) => dividedAt(x, contract[side]!, batch[side]!, divisions)) as [Side, Side];
  const lines = sides.map(({ x, free }) => inOrder(x, free));
  const terms = inOrder(sides[1].x, sides[1].contract);
  const operands = sides.map(({ x, free }, side) => permuted(x, free, lines[side]!));
  const [parts] = applyOp(op, operands, {
    ...attrs,
    contract: sides.map((side) => terms.map((n) => side.contract[n]!)),
    batch: sides.map((side) => side.batch),
  });
  const whole = sum(parts!, { axis: divisions.map((_, n) => n) });
  const [ofA, ofB] = [shared, rows].map((first, side) => lines[side]!.map((_, n) => first + lines[side]!.indexOf(n)));
  return [transpose(whole, [...whole.shape.slice(0, shared).keys(), ...ofA!, ...ofB!])];
}

/** The tensor with the listed axes in another order, in the same places. */
const permuted = (x: Tensor, axes: Axes, order: Axes): Tensor =>
  transpose(
    x,
    [...x.shape.keys()].map((axis) => (axes.includes(axis) ? axes[order[axes.indexOf(axis)]!]! : axis)),
  );

/** About so many parts, from as few axes as will do, where shapes have room for so many more. */
function divisionsOf(
  sizes: readonly Dim[],
  wanted: number,
  room: { readonly operands: number; readonly result: number },
): readonly Division[] {
  const divisions: Division[] = [];
  let divided = 0;
  for (const [pair, size] of sizes.entries()) {
    if (wanted < 2 || divisions.length === room.result) break;
    const parts = divisorNear(size, wanted);
    const whole = parts === size;
    if (parts === 1 || (!whole && divided === room.operands)) continue;
    divisions.push({ pair, parts, rest: whole ? undefined : dimFloorDiv(size, parts) });
    wanted /= parts;
    if (!whole) divided++;
  }
  return divisions;
}

/** The divisor of a size that is nearest to a number of parts, and not above its double. */
function divisorNear(size: Dim, wanted: number): number {
  let nearest = 1;
  const distance = (parts: number): number => Math.abs(Math.log(parts / wanted));
  const most = Math.min(likely(size), 2 * wanted);
  for (let parts = 2; parts <= most; parts++)
    if (dimMod(size, parts) === 0 && distance(parts) < distance(nearest)) nearest = parts;
  return nearest;
}

/** An operand with its axes by what becomes of them. */
interface Side {
  readonly x: Tensor;
  readonly contract: Axes;
  readonly batch: Axes;
  readonly free: Axes;
}

/** An operand with the divided axes as two, of which the number of the part is the batch's; one that has no rest is that itself. */
function dividedAt(x: Tensor, contract: Axes, batch: Axes, divisions: readonly Division[]): Side {
  const shape: Dim[] = [];
  const places: number[] = []; // where each axis comes to lie; what is divided has its rest behind it
  for (const [axis, size] of x.shape.entries()) {
    const division = divisions.find(({ pair }) => contract[pair] === axis);
    places.push(shape.length);
    shape.push(...(division?.rest === undefined ? [size] : [division.parts, division.rest]));
  }
  const place = (axis: number): number => places[axis]!;
  const left = contract.flatMap((axis, pair) => {
    const division = divisions.find((d) => d.pair === pair);
    if (division === undefined) return [place(axis)];
    return division.rest === undefined ? [] : [place(axis) + 1];
  });
  const parts = divisions.map(({ pair }) => place(contract[pair]!));
  const free = [...x.shape.keys()].filter((axis) => !contract.includes(axis) && !batch.includes(axis)).map(place);
  return { x: reshape(x, shape), contract: left, batch: [...parts, ...batch.map(place)], free };
}
