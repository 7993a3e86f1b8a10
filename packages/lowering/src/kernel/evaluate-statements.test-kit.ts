import { foldIndex, type IndexBuilder } from "../index-fold.ts";
import type { Index, IndexNode, IndexVariable, Predicate } from "../index-node.ts";
import { indexText } from "../index-text.ts";
import { combinationOf, identityOf, meaningOf } from "./evaluate-alu.test-kit.ts";
import { type Iteration, iterationOf, type Memory, poison } from "./evaluate-memory.test-kit.ts";
import type { Block, For, GivenValue, Kernel, LoadValue, Register, Slot, Statement, Value } from "./kernel.ts";
import { valueTypeOf } from "./value-type.ts";

export type Compute = () => number;
export type Act = () => void;

/** A number that loops, binds and lets give. */
export interface Cell {
  value: number;
}

interface RegisterCell extends Cell {
  /** The loops that stood open where it was declared. */
  readonly loops: readonly For["role"][];
  /** Whether it was read since; then nothing may be added to it. */
  done: boolean;
}

export const runAll = (acts: readonly Act[]): void => {
  for (const act of acts) act();
};

/** Closures that compute index expressions from the cells of their variables. */
const builder = (cellOf: (v: IndexVariable) => Cell): IndexBuilder<Compute> => ({
  constant: (value) => () => value,
  variable(v) {
    const cell = cellOf(v);
    return () => cell.value;
  },
  add: (a, b) => () => a() + b(),
  subtract: (a, b) => () => a() - b(),
  multiply: (a, b) => () => a() * b(),
  floorDiv: (a, b) => () => Math.floor(int32(a()) / divisor(b())),
  mod: (a, b) => () => {
    const [x, n] = [int32(a()), divisor(b())];
    return x - n * Math.floor(x / n);
  },
  min: (a, b) => () => Math.min(a(), b()),
  max: (a, b) => () => Math.max(a(), b()),
  select: (p, a, b) => () => (p() !== 0 ? a() : b()),
  boolean: (value) => () => Number(value),
  less: (a, b) => () => Number(a() < b()),
  equal: (a, b) => () => Number(a() === b()),
  notEqual: (a, b) => () => Number(a() !== b()),
  and: (a, b) => () => a() & b(),
  or: (a, b) => () => a() | b(),
});

function divisor(n: number): number {
  if (n < 1) throw new Error(`an index is divided by ${n}`);
  return n;
}

/** Targets compute indices in 32 bits: what wraps may be added and multiplied, but not divided. */
function int32(x: number): number {
  if (x !== (x | 0)) throw new Error(`${x} is divided, and is no int32`);
  return x;
}

/** A kernel as closures. What can be checked without running is checked here: scopes, types, roles, access. */
export class Evaluator {
  readonly #kernel: Kernel;
  readonly #variables = new Map<IndexVariable, Cell>();
  readonly #values = new Map<Value, Cell>();
  readonly #registers = new Map<Register, RegisterCell>();
  readonly #index = builder((v) => this.#variable(v));
  readonly #loops: For["role"][] = [];
  #memories: readonly Memory[] = [];
  #now: Iteration | undefined;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    for (const v of kernel.scalars) this.#variables.set(v, { value: NaN });
  }

  /** Says what the slots and scalars are in the launch that begins. */
  launch(memories: readonly Memory[], scalars: readonly number[], around: Iteration): void {
    const { slots, scalars: variables } = this.#kernel;
    if (memories.length !== slots.length || scalars.length !== variables.length)
      throw new Error(`${memories.length} buffers and ${scalars.length} scalars are given`);
    slots.forEach(({ name, dtype }, i) => {
      if (memories[i]!.dtype !== dtype) throw new Error(`${name} is ${dtype} and gets ${memories[i]!.dtype}`);
    });
    this.#memories = memories;
    this.#now = around;
    variables.forEach((v, i) => {
      const value = scalars[i]!;
      if (!(value >= v.low && value <= v.high && value % v.multiple === 0))
        throw new Error(`${v.name} is ${value}, but from ${v.low} to ${v.high} by ${v.multiple}`);
      this.#variables.get(v)!.value = value;
    });
  }

  #variable(v: IndexVariable): Cell {
    const cell = this.#variables.get(v);
    if (cell !== undefined) return cell;
    const namesake = [...this.#variables.keys()].some(({ name }) => name === v.name);
    throw new Error(`${v.name} is not known here${namesake ? ", but another variable of that name is" : ""}`);
  }

  compute(node: IndexNode): Compute {
    return foldIndex(node, this.#index);
  }

  value(value: Value): Compute {
    if (value.kind === "constant") return () => value.value;
    const cell = this.#values.get(value);
    if (cell === undefined) throw new Error(`a value of kind ${value.kind} is used where it is not known`);
    return () => cell.value;
  }

  /** Compiles what stands in a scope, where these are known too: what it makes known is unknown behind it. */
  scope<T>(compile: () => T, known: readonly (readonly [IndexVariable | GivenValue, Cell])[] = []): T {
    const [variables, values, registers] = [this.#variables, this.#values, this.#registers].map(
      (map) => new Set<object>(map.keys()),
    );
    for (const [name, cell] of known)
      if (name.kind === "given") this.#values.set(name, cell);
      else this.#variables.set(name, cell);
    const result = compile();
    for (const v of [...this.#variables.keys()]) if (!variables!.has(v)) this.#variables.delete(v);
    for (const v of [...this.#values.keys()]) if (!values!.has(v)) this.#values.delete(v);
    for (const r of [...this.#registers.keys()]) if (!registers!.has(r)) this.#registers.delete(r);
    return result;
  }

  body(statements: readonly Statement[]): readonly Act[] {
    return statements.map((s) => this.#statement(s));
  }

  block({ statements, value }: Block): { readonly acts: readonly Act[]; readonly value: Compute } {
    return { acts: this.body(statements), value: this.value(value) };
  }

  #statement(s: Statement): Act {
    switch (s.kind) {
      case "let": {
        const compute = this.#computed(s.value);
        const cell = { value: NaN };
        this.#values.set(s.value, cell);
        return () => {
          cell.value = compute();
        };
      }
      case "bind": {
        if (s.value.type !== "int32") throw new Error(`${s.variable.name} is bound to a ${s.value.type}`);
        const [value, min, max] = [this.value(s.value), this.compute(s.variable.min), this.compute(s.variable.max)];
        const { name } = s.variable;
        const cell = { value: NaN };
        this.#variables.set(s.variable, cell);
        return () => {
          cell.value = value();
          if (min() <= max() && (cell.value < min() || cell.value > max()))
            throw new Error(`${name} is ${cell.value}, but from ${min()} to ${max()}`);
        };
      }
      case "declare": {
        const cell = { value: NaN, done: false, loops: [...this.#loops] };
        this.#registers.set(s.register, cell);
        return () => {
          cell.value = identityOf(s.register);
          cell.done = false;
        };
      }
      case "update":
        return this.#update(s.register, s.value);
      case "store":
        return this.store(s.slot, s.address, s.value, s.mask);
      case "for":
        return this.#for(s);
      case "if": {
        if (s.condition.type !== "bool") throw new Error(`a condition is a ${s.condition.type}`);
        const [condition, body] = [this.value(s.condition), this.scope(() => this.body(s.body))];
        return () => {
          if (condition() !== 0) runAll(body);
        };
      }
    }
  }

  #computed(value: Value): Compute {
    switch (value.kind) {
      case "index":
        return this.compute(value.index);
      case "test":
        return this.compute(value.predicate);
      case "load":
        return this.#load(value);
      case "read": {
        const cell = this.#register(value.register);
        if (value.type !== value.register.type) throw new Error("a register is read as another type");
        return () => {
          cell.done = true;
          return cell.value;
        };
      }
      case "alu": {
        const [meaning, [a, b, c]] = [meaningOf(value), value.operands.map((v) => this.value(v))];
        if (b === undefined) return () => meaning(a!());
        return c === undefined ? () => meaning(a!(), b()) : () => meaning(a!(), b(), c());
      }
      default:
        throw new Error(`a ${value.kind} is no statement`);
    }
  }

  #load({ slot, address, mask, type }: LoadValue): Compute {
    if (slot.access === "write") throw new Error(`${slot.name} is only written, and loaded from`);
    if (type !== valueTypeOf(slot.dtype)) throw new Error(`a load from ${slot.dtype} gives ${type}`);
    const [memory, at, holds] = [this.#slot(slot), this.compute(address), this.compute(mask)];
    const elsewhere = poison(type);
    return () =>
      holds() === 0 ? elsewhere : this.#located(slot, address, () => this.#memories[memory]!.load(at(), this.#now));
  }

  store(slot: Slot, address: Index, value: Value, mask: Predicate): Act {
    if (slot.access === "read") throw new Error(`${slot.name} is only read, and stored to`);
    if (value.type !== valueTypeOf(slot.dtype)) throw new Error(`a ${value.type} is stored as ${slot.dtype}`);
    const [memory, at, x, holds] = [this.#slot(slot), this.compute(address), this.value(value), this.compute(mask)];
    return () => {
      if (holds() !== 0) this.#located(slot, address, () => this.#memories[memory]!.store(at(), x(), this.#now));
    };
  }

  #slot(slot: Slot): number {
    const place = this.#kernel.slots.indexOf(slot);
    if (place < 0) throw new Error(`${slot.name} is no slot of the kernel`);
    return place;
  }

  /** Says where, if an access fails. */
  #located<T>(slot: Slot, address: Index, access: () => T): T {
    try {
      return access();
    } catch (error) {
      throw new Error(`${slot.name}[${indexText(address)}]: ${(error as Error).message}`);
    }
  }

  #register(register: Register): RegisterCell {
    const cell = this.#registers.get(register);
    if (cell === undefined) throw new Error(`register ${register.name} is not known here`);
    return cell;
  }

  #update(register: Register, value: Value): Act {
    if (value.type !== register.type) throw new Error(`a ${value.type} is gathered in a register of ${register.type}`);
    const [cell, x, combine] = [this.#register(register), this.value(value), combinationOf(register)];
    if (this.#loops.slice(cell.loops.length).includes("parallel"))
      throw new Error(`iterations of a parallel loop meet in register ${register.name}`);
    return () => {
      if (cell.done) throw new Error(`register ${register.name} is updated after it was read`);
      cell.value = combine(cell.value, x());
    };
  }

  #for({ variable, size, role, body }: For): Act {
    if (role === "parallel" && this.#loops.some((outer) => outer !== "parallel"))
      throw new Error(`the parallel loop over ${variable.name} stands in one that is not`);
    const [count, last] = [this.compute(size), this.compute(variable.max)];
    const cell = { value: NaN };
    const acts = this.inLoops([role], () => this.scope(() => this.body(body), [[variable, cell]]));
    return () => {
      const n = count();
      if (n > 0 && (variable.low > 0 || last() < n - 1))
        throw new Error(`${variable.name} runs below ${n}, but is at most ${last()}`);
      this.iterate(role, n, cell, () => runAll(acts));
    };
  }

  /** Compiles what stands in loops of these roles. */
  inLoops<T>(roles: readonly For["role"][], compile: () => T): T {
    this.#loops.push(...roles);
    const result = compile();
    this.#loops.length -= roles.length;
    return result;
  }

  iterate(role: For["role"], count: number, variable: Cell, body: () => void): void {
    const around = this.#now;
    const entry = {};
    for (let i = 0; i < count; i++) {
      this.#now = iterationOf(around, entry, role, i);
      variable.value = i;
      body();
    }
    this.#now = around;
  }

  memory(slot: Slot): Memory {
    return this.#memories[this.#slot(slot)]!;
  }

  /** An element of a slot, by its place. */
  element(slot: Slot, at: number): number {
    return this.memory(slot).load(at, this.#now);
  }
}
