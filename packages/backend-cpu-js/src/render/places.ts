import {
  always,
  type Index,
  type IndexNode,
  type IndexVariable,
  least,
  type Predicate,
  partsOf,
  type Register,
  type Slot,
  subtractIndex,
} from "@tenon/lowering";
import { rare } from "../parts.ts";
import { LANES, type Lanes } from "./arithmetic.ts";
import { type Place, sizeOf } from "./memory.ts";
import type { Node } from "./tape.ts";
import { mentions, type Variation } from "./variation.ts";

/** Vectors of consecutive values of a variable; the first of all is `first`. */
export interface LaneLoop {
  readonly variable: IndexVariable;
  readonly first: Node;
  /** How many vectors are computed side by side. */
  readonly copies: number;
  readonly variation: Variation;
  /** How many lanes of the only vector count, where not all do; the others store nothing, and load what memory there is. */
  readonly rest?: Node;
  /** Registers that these lanes gather into, each with its own partial result. */
  readonly gathered?: readonly Register[];
  /** Whether `first` is a multiple of the number of lanes. */
  readonly aligned?: boolean;
}

/** What addresses are computed from. */
export interface Surroundings {
  readonly lanes: Lanes;
  readonly slots: ReadonlyMap<Slot, Node>;
  readonly open: LaneLoop | undefined;
  index(node: IndexNode, copy?: number): Node;
  variable(v: IndexVariable, copy: number): Node;
}

/** An access of one value or of a vector. */
export interface Access {
  readonly slot: Slot;
  readonly address: Index;
  readonly mask: Predicate;
  readonly copy: number;
  /** Whether it may go anywhere where it does not count; then pointers are kept inside of the memory. */
  readonly strays: boolean;
}

/** Where the elements of an access are: at places that lie `stride` bytes apart from lane to lane, or each by itself. */
export type Places = { readonly first: Place; readonly stride: number } | readonly Place[];

/**
 * Where an access is. What does not change in the loops inside comes first in the sum, so that it is computed outside of
 * them; a constant goes into the instruction, which adds it without wrapping, where the rest is surely not negative.
 */
export function placesOf(around: Surroundings, access: Access): Places {
  const { lanes, open, slots } = around;
  const { slot, address, mask, copy, strays } = access;
  const size = sizeOf(slot.dtype);
  const { constant, terms, remainders } = partsOf(address);
  const varies = (...parts: readonly Index[]): boolean =>
    open !== undefined && parts.some((x) => mentions(x, open.variation.variables));
  const pieces: Node[] = [];
  let stride = 0; // from lane to lane
  for (const { coefficient, of } of terms) {
    if (of === open?.variable) stride += coefficient * size;
    else if (varies(of)) return rare.now.unevenPlaces(around, open!, access);
    else pieces.push(lanes.integer("mul", around.index(of), lanes.i32(coefficient * size)));
  }
  if (remainders.length > 0) {
    if (remainders.some(({ scale, dividend, divisor }) => varies(scale, dividend, divisor)))
      return rare.now.unevenPlaces(around, open!, access);
    pieces.push(...rare.now.remainderBytes(around, remainders, size));
  }
  if (stride !== 0) pieces.push(lanes.integer("mul", open!.first, lanes.i32(stride)));
  pieces.sort((a, b) => a.scope.depth - b.scope.depth);

  // lanes of other strides are clamped one by one; side by side, those that do not count are in the guard around a buffer
  const even = stride === 0 || stride === size;
  const checked = strays && !(even && mask === always);
  const moved = LANES * copy * stride;
  let [start, offset] = [0, 0];
  if (checked || constant < 0 || (constant > 0 && least(subtractIndex(address, constant)) < 0))
    start += constant * size;
  else offset += constant * size;
  if (checked || moved < 0) start += moved;
  else offset += moved;
  let pointer = lanes.integer("add", slots.get(slot)!, lanes.i32(start));
  for (const piece of pieces) pointer = lanes.integer("add", pointer, piece);
  if (checked && even) pointer = clamped(lanes, pointer);
  return { first: { pointer, offset }, stride };
}

/** The pointer, or the last one from which a vector can be loaded. */
export function clamped(lanes: Lanes, pointer: Node): Node {
  const end = lanes.shift("shl", lanes.tape.pure("memory.size", []), 16); // 0 for 4 GiB
  return lanes.choose("min", pointer, lanes.integer("sub", end, lanes.i32(16)), true);
}

/** The places of four lanes that lie `stride` bytes apart. */
export function spread(lanes: Lanes, { pointer, offset }: Place, stride: number, strays: boolean): readonly Place[] {
  return [0, 1, 2, 3].map((lane) => {
    const distance = lane * stride;
    if (!strays && offset + distance >= 0) return { pointer, offset: offset + distance };
    const moved = lanes.integer("add", pointer, lanes.i32(distance));
    return { pointer: strays ? clamped(lanes, moved) : moved, offset };
  });
}
