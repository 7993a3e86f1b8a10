import {
  always,
  type Combine,
  type For,
  type Index,
  type IndexNode,
  type IndexVariable,
  type LoadValue,
  type Register,
  type Slot,
  type Statement,
  type Store,
  type Value,
} from "@tenon/lowering";
import { rare } from "../parts.ts";
import { identityOf, renderAlu, type Units } from "./alu.ts";
import { isVector, LANES, Lanes, scalarOf } from "./arithmetic.ts";
import { renderIndex } from "./indices.ts";
import type { MathFunctions } from "./math.ts";
import { loadOne, loadVector, sizeOf, storeEach, storeOne, storeVector } from "./memory.ts";
import { type LaneLoop, placesOf, spread } from "./places.ts";
import { blockStride } from "./stride.ts";
import { type Cell, type Node, Tape } from "./tape.ts";
import { mentions } from "./variation.ts";

/** What kernels are rendered for. */
export interface Target {
  /** Whether polynomials may take relaxed vector instructions. */
  readonly relaxed: boolean;
  readonly math: MathFunctions;
}

/** One for all lanes, or one vector for each copy. */
export type PerCopy<T> = T | readonly T[];

const at = <T>(x: PerCopy<T>, copy: number): T => (Array.isArray(x) ? x[copy] : x) as T;

/** Renders statements on to a tape: one value at a time, or vectors of four where lanes are open. */
export class Body {
  readonly tape = new Tape();
  readonly lanes: Lanes;
  readonly values = new Map<Value, PerCopy<Node>>();
  readonly variables = new Map<IndexVariable, PerCopy<Node>>();
  readonly slots = new Map<Slot, Node>();
  readonly registers = new Map<Register, PerCopy<Cell>>();
  /** The lanes that are open. */
  open: LaneLoop | undefined;
  readonly #units: Units;
  readonly #openLoop: (loop: For) => void;

  /** `openLoop` renders the loops that are met where no lanes are open; by itself a loop runs one value after the other. */
  constructor({ relaxed, math }: Target, openLoop?: (loop: For) => void) {
    this.lanes = new Lanes(this.tape, relaxed);
    this.#units = { lanes: this.lanes, math };
    this.#openLoop = openLoop ?? ((loop) => this.run(loop));
  }

  /** Renders with lanes open. */
  within(open: LaneLoop, render: () => void): void {
    this.open = open;
    render();
    this.open = undefined;
  }

  statements(list: readonly Statement[]): void {
    const { tape } = this;
    const variation = this.open?.variation;
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
          if (this.open === undefined) this.#openLoop(s);
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
    if (node.kind === "variable") return this.variable(node, copy);
    const open = this.open;
    const uniform = (quotient: Index): boolean =>
      blockStride(quotient, open!.variable, open!.variation.variables) === 0;
    return renderIndex(this.lanes, node, (v) => this.variable(v, copy), open?.aligned === true ? uniform : undefined);
  }

  variable(v: IndexVariable, copy: number): Node {
    const { lanes } = this;
    const open = this.open;
    if (v !== open?.variable) return at(this.variables.get(v)!, copy);
    const lane = LANES * copy;
    return lanes.integer("add", lanes.splat(open.first, "int32"), lanes.vector([lane, lane + 1, lane + 2, lane + 3]));
  }

  /** One for all copies, or one for each where it varies. */
  #perCopy<T>(varies: boolean | undefined, make: (copy: number) => T): PerCopy<T> {
    if (varies !== true) return make(0);
    return Array.from({ length: this.open!.copies }, (_, copy) => make(copy));
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
    const rest = this.open?.gathered?.includes(register) === true ? this.open.rest : undefined;
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
    const strays = mask !== always || this.open?.rest !== undefined;
    const places = placesOf(this, { slot, address, mask, copy, strays });
    if (!("first" in places)) return rare.now.loadEach(this.lanes, slot.dtype, places);
    const { first, stride } = places;
    if (stride === 0) return loadOne(this.lanes, slot.dtype, first);
    if (stride === sizeOf(slot.dtype)) return loadVector(this.lanes, slot.dtype, first);
    return rare.now.loadEach(this.lanes, slot.dtype, spread(this.lanes, first, stride, strays));
  }

  #store(store: Store): void {
    const { lanes, open, tape } = this;
    const { mask } = store;
    const varies = open !== undefined && this.#varies(store);
    const rest = varies ? open.rest : undefined;
    const some = rest && ((lane: number) => lanes.apply("gt_s", "int32", rest, lanes.i32(lane)));
    for (let copy = 0; copy < (varies ? open.copies : 1); copy++) {
      const wanted = mask === always ? undefined : this.index(mask, copy);
      if (wanted === undefined) this.#storeWhere(store, copy, some);
      else if (!isVector(wanted)) tape.if(wanted, () => this.#storeWhere(store, copy, some));
      else {
        const lanesOf = rest === undefined ? wanted : lanes.bits("and", wanted, this.#firstLanes(rest), "bool");
        tape.if(tape.pure("i32x4.all_true", [lanesOf]), () => this.#storeWhere(store, copy), {
          otherwise: () => this.#storeWhere(store, copy, (lane) => lanes.extract(lanesOf, "bool", lane)),
        });
      }
    }
  }

  #varies({ address, mask, value }: Store): boolean {
    const { values, variables } = this.open!.variation;
    return values.has(value) || value.kind === "given" || mentions(address, variables) || mentions(mask, variables);
  }

  /** The mask of so many lanes. */
  #firstLanes(count: Node): Node {
    return this.lanes.apply("gt_s", "int32", count, this.lanes.vector([0, 1, 2, 3]));
  }

  /** Stores a value, or a vector, each lane where `wanted` allows it. */
  #storeWhere({ slot, address, value }: Store, copy: number, wanted?: (lane: number) => Node): void {
    const { lanes } = this;
    const { dtype } = slot;
    const stored = this.value(value, copy);
    const places = placesOf(this, { slot, address, mask: always, copy, strays: false });
    const [first, stride] = "first" in places ? [places.first, places.stride] : [undefined, 0];
    const whole = first !== undefined && wanted === undefined;
    if (whole && stride === 0 && !isVector(stored)) storeOne(lanes, dtype, first, stored);
    else {
      const vector = lanes.splat(stored, dtype === "bool" ? "bool" : stored.type === "f32" ? "float32" : "int32");
      if (whole && stride === sizeOf(dtype)) storeVector(lanes, dtype, first, vector);
      else {
        const each = "first" in places ? spread(lanes, places.first, stride, false) : places;
        storeEach(lanes, dtype, each, vector, wanted);
      }
    }
  }
}
