import {
  always,
  type Combine,
  type For,
  type Index,
  type IndexNode,
  type IndexVariable,
  type LoadValue,
  least,
  type Predicate,
  type Register,
  type Slot,
  type Statement,
  type Store,
  subtractIndex,
  type Value,
} from "@tenon/lowering";
import { identityOf, renderAlu, type Units } from "./alu.ts";
import { isVector, LANES, Lanes, scalarOf } from "./arithmetic.ts";
import { modulus, partsOf, renderIndex } from "./indices.ts";
import type { MathFunctions } from "./math.ts";
import { loadEach, loadOne, loadVector, type Place, sizeOf, storeEach, storeOne, storeVector } from "./memory.ts";
import { blockStride } from "./stride.ts";
import { type Cell, type Node, Tape } from "./tape.ts";
import { mentions, type Variation } from "./variation.ts";

/** What kernels are rendered for. */
export interface Target {
  /** Whether polynomials may take relaxed vector instructions. */
  readonly relaxed: boolean;
  readonly math: MathFunctions;
}

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

/** One for all lanes, or one vector for each copy. */
export type PerCopy<T> = T | readonly T[];

const at = <T>(x: PerCopy<T>, copy: number): T => (Array.isArray(x) ? x[copy] : x) as T;

/** Where the elements of an access are: at places that lie `stride` bytes apart from lane to lane, or each by itself. */
type Places = { readonly first: Place; readonly stride: number } | readonly Place[];

/** Renders statements on to a tape: one value at a time, or vectors of four where lanes are open. */
export class Body {
  readonly tape = new Tape();
  readonly lanes: Lanes;
  readonly values = new Map<Value, PerCopy<Node>>();
  readonly variables = new Map<IndexVariable, PerCopy<Node>>();
  readonly slots = new Map<Slot, Node>();
  readonly registers = new Map<Register, PerCopy<Cell>>();
  readonly #units: Units;
  readonly #openLoop: (loop: For) => void;
  #open: LaneLoop | undefined;

  /** `openLoop` renders the loops that are met where no lanes are open; by itself a loop runs one value after the other. */
  constructor({ relaxed, math }: Target, openLoop?: (loop: For) => void) {
    this.lanes = new Lanes(this.tape, relaxed);
    this.#units = { lanes: this.lanes, math };
    this.#openLoop = openLoop ?? ((loop) => this.run(loop));
  }

  /** Renders with lanes open. */
  within(open: LaneLoop, render: () => void): void {
    this.#open = open;
    render();
    this.#open = undefined;
  }

  statements(list: readonly Statement[]): void {
    const { tape } = this;
    const variation = this.#open?.variation;
    for (const s of list) {
      switch (s.kind) {
        case "let":
          this.values.set(
            s.value,
            this.#perCopy(variation?.values.has(s.value), (c) => this.#compute(s.value, c)),
          );
          break;
        case "bind": {
          const varies = variation?.variables.has(s.variable);
          this.variables.set(
            s.variable,
            this.#perCopy(varies, (c) => this.value(s.value, c)),
          );
          break;
        }
        case "declare": {
          const varies = variation?.registers.has(s.register);
          this.registers.set(
            s.register,
            this.#perCopy(varies, () => this.cell(s.register, varies === true)),
          );
          break;
        }
        case "update":
          this.#update(s.register, s.value);
          break;
        case "store":
          this.#store(s);
          break;
        case "if":
          tape.if(this.value(s.condition, 0), () => this.statements(s.body));
          break;
        case "for":
          if (this.#open === undefined) this.#openLoop(s);
          else this.run(s);
      }
    }
  }

  /** A loop over the values of its variable from `begin` on, one after the other. */
  run(loop: For, begin = this.lanes.i32(0), end = this.index(loop.size)): void {
    this.tape.loop(this.tape.cell("i32", begin), end, 1, (value) => {
      this.variables.set(loop.variable, value);
      this.statements(loop.body);
    });
  }

  /** What a register is kept in, with the value that changes nothing. */
  cell({ combine, type }: Register, vector: boolean): Cell {
    const identity = this.lanes.constant(type, identityOf(combine, type));
    return vector ? this.tape.cell("v128", this.lanes.splat(identity, type)) : this.tape.cell(scalarOf(type), identity);
  }

  combine(combine: Combine, type: Value["type"], a: Node, b: Node): Node {
    return renderAlu(this.#units, combine, [a, b], type, type);
  }

  value(value: Value, copy = 0): Node {
    if (value.kind === "constant") return this.lanes.constant(value.type, value.value);
    return at(this.values.get(value)!, copy);
  }

  /** An index expression, or a predicate as a bool. */
  index(node: IndexNode, copy = 0): Node {
    if (node.kind === "variable") return this.#variable(node, copy);
    const open = this.#open;
    const uniform = (quotient: Index): boolean =>
      blockStride(quotient, open!.variable, open!.variation.variables) === 0;
    return renderIndex(this.lanes, node, (v) => this.#variable(v, copy), open?.aligned === true ? uniform : undefined);
  }

  #variable(v: IndexVariable, copy: number): Node {
    const { lanes } = this;
    const open = this.#open;
    if (v !== open?.variable) return at(this.variables.get(v)!, copy);
    const lane = LANES * copy;
    return lanes.integer("add", lanes.splat(open.first, "int32"), lanes.vector([lane, lane + 1, lane + 2, lane + 3]));
  }

  /** One for all copies, or one for each where it varies. */
  #perCopy<T>(varies: boolean | undefined, make: (copy: number) => T): PerCopy<T> {
    if (varies !== true) return make(0);
    return Array.from({ length: this.#open!.copies }, (_, copy) => make(copy));
  }

  #compute(value: Value, copy: number): Node {
    switch (value.kind) {
      case "index":
        return this.index(value.index, copy);
      case "test":
        return this.index(value.predicate, copy);
      case "load":
        return this.#load(value, copy);
      case "alu": {
        const operands = value.operands.map((x) => this.value(x, copy));
        return renderAlu(this.#units, value.op, operands, value.operands[0]!.type, value.type);
      }
      case "read":
        return this.tape.copy(at(this.registers.get(value.register)!, copy));
      default:
        return this.value(value, copy);
    }
  }

  #update(register: Register, value: Value): void {
    const cells = this.registers.get(register)!;
    const list = Array.isArray(cells) ? (cells as readonly Cell[]) : [cells as Cell];
    const rest = this.#open?.gathered?.includes(register) === true ? this.#open.rest : undefined;
    for (const [copy, cell] of list.entries()) {
      const before = this.tape.get(cell);
      const next = this.combine(register.combine, register.type, before, this.value(value, copy));
      this.tape.set(
        cell,
        rest === undefined ? next : this.lanes.select(this.#firstLanes(rest), next, before, register.type),
      );
    }
  }

  #load({ slot, address, mask }: LoadValue, copy: number): Node {
    const checked = mask !== always || this.#open?.rest !== undefined;
    const places = this.#places(slot, address, mask, copy, checked);
    if (!("first" in places)) return loadEach(this.lanes, slot.dtype, places);
    const { first, stride } = places;
    if (stride === 0) return loadOne(this.lanes, slot.dtype, first);
    if (stride === sizeOf(slot.dtype)) return loadVector(this.lanes, slot.dtype, first);
    return loadEach(this.lanes, slot.dtype, this.#spread(first, stride, checked));
  }

  #store(store: Store): void {
    const { slot, address, mask, value } = store;
    const open = this.#open;
    const copies = open !== undefined && this.#varies(store) ? open.copies : 1;
    const rest = copies === 1 && open !== undefined && !this.#varies(store) ? undefined : open?.rest;
    const inRest = rest && ((lane: number) => this.lanes.apply("gt_s", "int32", rest, this.lanes.i32(lane)));
    for (let copy = 0; copy < copies; copy++) {
      const stored = this.value(value, copy);
      const store = (wanted = inRest): void => this.#storeAt(slot, address, stored, copy, wanted);
      if (mask === always) store();
      else if (open === undefined || !mentions(mask, open.variation.variables))
        this.tape.if(this.index(mask, copy), () => store());
      else {
        const some = this.index(mask, copy);
        const wanted = rest === undefined ? some : this.lanes.bits("and", some, this.#firstLanes(rest), "bool");
        const one = (): void => store((lane) => this.lanes.extract(wanted, "bool", lane));
        if (rest !== undefined) one();
        else this.tape.if(this.tape.pure("i32x4.all_true", [wanted]), () => store(), { otherwise: one });
      }
    }
  }

  #varies({ address, mask, value }: Store): boolean {
    const { values, variables } = this.#open!.variation;
    return values.has(value) || value.kind === "given" || mentions(address, variables) || mentions(mask, variables);
  }

  /** The mask of so many lanes. */
  #firstLanes(count: Node): Node {
    return this.lanes.apply("gt_s", "int32", count, this.lanes.vector([0, 1, 2, 3]));
  }

  /** Stores a value, a vector where lanes are stored, each where `wanted` allows it. */
  #storeAt(slot: Slot, address: Index, value: Node, copy: number, wanted?: (lane: number) => Node): void {
    const { lanes } = this;
    const { dtype } = slot;
    const places = this.#places(slot, address, always, copy, false);
    if (!("first" in places)) storeEach(lanes, dtype, places, this.#splat(value, slot), wanted);
    else {
      const { first, stride } = places;
      const whole = wanted === undefined;
      if (whole && stride === 0 && !isVector(value)) storeOne(lanes, dtype, first, value);
      else if (whole && stride === sizeOf(dtype)) storeVector(lanes, dtype, first, this.#splat(value, slot));
      else storeEach(lanes, dtype, this.#spread(first, stride, false), this.#splat(value, slot), wanted);
    }
  }

  #splat(value: Node, { dtype }: Slot): Node {
    return this.lanes.splat(value, dtype === "bool" ? "bool" : value.type === "f32" ? "float32" : "int32");
  }

  /** The places of four lanes. */
  #spread({ pointer, offset }: Place, stride: number, checked: boolean): readonly Place[] {
    return [0, 1, 2, 3].map((lane) => {
      const distance = lane * stride;
      if (!checked && offset + distance >= 0) return { pointer, offset: offset + distance };
      const moved = this.lanes.integer("add", pointer, this.lanes.i32(distance));
      return { pointer: checked ? this.#clamped(moved) : moved, offset };
    });
  }

  /**
   * Where an access is. What does not change in the loops inside comes first in the sum, so that it is computed outside of
   * them; a constant goes into the instruction, which adds it without wrapping, where the rest is surely not negative.
   * With `mayStray`, for what may be anywhere where it does not count, pointers are kept inside of the memory.
   */
  #places(slot: Slot, address: Index, mask: Predicate, copy: number, mayStray: boolean): Places {
    const { lanes } = this;
    const size = sizeOf(slot.dtype);
    const open = this.#open;
    const base = this.slots.get(slot)!;
    const varies = open !== undefined && mentions(address, open.variation.variables);
    const { constant, terms, remainders } = partsOf(address);
    const pieces: Node[] = [];
    let stride = 0; // from lane to lane
    for (const { coefficient, of } of terms) {
      if (of === open?.variable) stride += coefficient * size;
      else if (varies && mentions(of, open.variation.variables))
        return this.#unevenPlaces(slot, address, mask, copy, mayStray);
      else pieces.push(lanes.integer("mul", this.index(of), lanes.i32(coefficient * size)));
    }
    for (const { scale, dividend, divisor } of remainders) {
      if (varies && [scale, dividend, divisor].some((x) => mentions(x, open.variation.variables)))
        return this.#unevenPlaces(slot, address, mask, copy, mayStray);
      const rest = modulus(lanes, this.index(dividend), this.index(divisor), dividend, divisor);
      pieces.push(
        scale.kind === "constant"
          ? lanes.integer("mul", rest, lanes.i32(scale.value * size))
          : lanes.integer("mul", lanes.integer("mul", rest, this.index(scale)), lanes.i32(size)),
      );
    }
    if (stride !== 0) pieces.push(lanes.integer("mul", open!.first, lanes.i32(stride)));
    pieces.sort((a, b) => a.scope.depth - b.scope.depth);

    // lanes of other strides are clamped one by one; side by side, those that do not count are in the guard around a buffer
    const even = stride === 0 || stride === size;
    const checked = mayStray && !(even && mask === always);
    const moved = LANES * copy * stride;
    let [start, offset] = [0, 0];
    if (checked || constant < 0 || (constant > 0 && least(subtractIndex(address, constant)) < 0))
      start += constant * size;
    else offset += constant * size;
    if (checked || moved < 0) start += moved;
    else offset += moved;
    let pointer = lanes.integer("add", base, lanes.i32(start));
    for (const piece of pieces) pointer = lanes.integer("add", pointer, piece);
    if (checked && even) pointer = this.#clamped(pointer);
    return { first: { pointer, offset }, stride };
  }

  /** Where lanes are that move evenly only within a vector, or not even there: then their addresses are computed as a vector. */
  #unevenPlaces(slot: Slot, address: Index, mask: Predicate, copy: number, checked: boolean): Places {
    const { lanes } = this;
    const { aligned, first, variable, variation } = this.#open!;
    const base = this.slots.get(slot)!;
    const size = lanes.i32(sizeOf(slot.dtype));
    const step = aligned === true ? blockStride(address, variable, variation.variables) : undefined;
    if (step !== undefined) {
      const here = lanes.integer("add", first, lanes.i32(LANES * copy));
      const index = renderIndex(lanes, address, (v) => (v === variable ? here : this.#variable(v, copy)));
      const pointer = lanes.integer("add", base, lanes.integer("mul", index, size));
      const stray = checked && mask !== always && (step === 0 || step === 1);
      return {
        first: { pointer: stray ? this.#clamped(pointer) : pointer, offset: 0 },
        stride: step * sizeOf(slot.dtype),
      };
    }
    const distances = lanes.integer("mul", this.index(address, copy), size);
    return [0, 1, 2, 3].map((lane) => {
      const pointer = lanes.integer("add", base, lanes.extract(distances, "int32", lane));
      return { pointer: checked ? this.#clamped(pointer) : pointer, offset: 0 };
    });
  }

  /** The pointer, or the last one from which a vector can be loaded. */
  #clamped(pointer: Node): Node {
    const { lanes, tape } = this;
    const end = lanes.shift("shl", tape.pure("memory.size", []), 16); // 0 for 4 GiB
    return lanes.choose("min", pointer, lanes.integer("sub", end, lanes.i32(16)), true);
  }
}
