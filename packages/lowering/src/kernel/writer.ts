import type { DType } from "@tenon/ir";
import { entry } from "../entry.ts";
import { addIndex, constantIndex, type IndexLike, indexAxis, indexVariable, toIndex } from "../index-expression.ts";
import { variablesOf } from "../index-fold.ts";
import type { Index, IndexNode, IndexVariable, Predicate } from "../index-node.ts";
import { always, never } from "../index-predicate.ts";
import { foldAlu } from "./fold-alu.ts";
import type { AluOp, Block, Combine, For, GivenValue, Register, Slot, Statement, Value, ValueType } from "./kernel.ts";
import { valueTypeOf } from "./value-type.ts";

/** The statements of a loop or `if` that is open, and the values that are computed among them. */
interface Scope {
  readonly statements: Statement[];
  readonly known: Map<string, Value>;
  readonly bound: Map<string, Index>;
}

const openScope = (): Scope => ({ statements: [], known: new Map(), bound: new Map() });

/**
 * Writes the body of a kernel. Equal values are computed once, and each stands in the outermost loop that has what it is made of,
 * before the loops that are open; so nothing is computed again that a loop does not change.
 */
export class KernelWriter {
  readonly slots: Slot[] = [];
  readonly #scopes: Scope[] = [openScope()];
  readonly #depths = new Map<Value | IndexVariable, number>();
  /** The depth of the scope that a register stands in. */
  readonly #declared = new Map<Register, number>();
  readonly #numbers = new Map<object, number>();
  readonly #names = new Map<string, number>();

  /** Statements of the open scope; when all loops are closed, the body of the kernel. */
  get statements(): readonly Statement[] {
    return this.#top.statements;
  }

  get #top(): Scope {
    return this.#scopes[this.#scopes.length - 1]!;
  }

  slot(dtype: DType, access: Slot["access"]): Slot {
    const slot = { name: this.#name(access === "read" ? "in" : "out"), dtype, access };
    this.slots.push(slot);
    return slot;
  }

  /** A value that the surroundings give. */
  given(type: ValueType): GivenValue {
    const value = { kind: "given", type } as const;
    this.#depths.set(value, 0);
    return value;
  }

  constant(type: ValueType, value: number): Value {
    const rounded = type === "float32" ? Math.fround(value) : type === "bool" ? Number(value !== 0) : value;
    const key = Object.is(rounded, -0) ? "-0" : String(rounded);
    return this.#place(`constant ${type} ${key}`, 0, () => ({ kind: "constant", type, value: rounded }), false);
  }

  /** An index expression as an int32. */
  index(index: Index): Value {
    if (index.kind === "constant") return this.constant("int32", index.value);
    return this.#place(`index ${index.id}`, this.#depthOf(index), () => ({ kind: "index", type: "int32", index }));
  }

  /** A predicate as a bool. */
  test(predicate: Predicate): Value {
    if (predicate.kind === "always") return this.constant("bool", Number(predicate.value));
    return this.#place(`test ${predicate.id}`, this.#depthOf(predicate), () => ({
      kind: "test",
      type: "bool",
      predicate,
    }));
  }

  /** The element at `address` where the mask holds, and any value elsewhere. */
  load(slot: Slot, address: Index, mask: Predicate = always): Value {
    const type = valueTypeOf(slot.dtype);
    if (mask === never) return this.constant(type, 0);
    const make = (): Value => ({ kind: "load", type, slot, address, mask });
    if (slot.access !== "read") return this.#put(make(), this.#scopes.length - 1);
    const depth = Math.max(this.#depthOf(address), this.#depthOf(mask));
    return this.#place(`load ${this.#numberOf(slot)} ${address.id} ${mask.id}`, depth, make);
  }

  /** A value from others; `type` is that of the result where it is not that of the operands. */
  alu(op: AluOp, operands: readonly Value[], type?: ValueType): Value {
    const result = type ?? operands[operands.length - 1]!.type;
    const folded = foldAlu(op, operands, result, (kind, value) => this.constant(kind, value));
    if (folded !== undefined) return folded;
    const key = `${op} ${result} ${operands.map((v) => this.#numberOf(v)).join(" ")}`;
    const depth = Math.max(0, ...operands.map((v) => this.#depths.get(v)!));
    return this.#place(key, depth, () => ({ kind: "alu", type: result, op, operands }));
  }

  /** The value, brought between 0 and `size − 1`, as an index; `size` is at least 1. */
  clamped(value: Value, size: IndexLike): Index {
    const last = addIndex(size, -1);
    const inside = this.alu("minimum", [this.alu("maximum", [value, this.constant("int32", 0)]), this.index(last)]);
    return this.bound(inside, 0, last);
  }

  /** A value that is known to lie between `min` and `max` as an index. */
  bound(value: Value, min: IndexLike, max: IndexLike): Index {
    const [first, last] = [toIndex(min), toIndex(max)];
    if (value.kind === "constant") return constantIndex(value.value);
    const key = `${this.#numberOf(value)} ${first.id} ${last.id}`;
    const depth = this.#depths.get(value)!;
    for (let d = depth; d < this.#scopes.length; d++) {
      const known = this.#scopes[d]!.bound.get(key);
      if (known !== undefined) return known;
    }
    const variable = indexVariable(this.#name("g"), first, last);
    if (variable.kind === "variable") {
      this.#scopes[depth]!.statements.push({ kind: "bind", variable, value });
      this.#depths.set(variable, depth);
    }
    this.#scopes[depth]!.bound.set(key, variable);
    return variable;
  }

  /** A new name for a variable of this kernel. */
  axis(name: string, size: IndexLike): Index {
    return indexAxis(this.#name(name), size);
  }

  /** Runs `body` for each value of `variable`, which `axis` gave for the size; without a loop where there is one value. */
  loop(variable: Index, size: IndexLike, role: For["role"], body: () => void): void {
    if (toIndex(size) === constantIndex(0)) return;
    if (variable.kind !== "variable") {
      body();
      return;
    }
    const scope = openScope();
    this.#scopes.push(scope);
    this.#depths.set(variable, this.#scopes.length - 1);
    body();
    this.#scopes.pop();
    this.#top.statements.push({ kind: "for", variable, size: toIndex(size), role, body: scope.statements });
  }

  /** Loops over several axes, the first outermost. */
  loops(variables: readonly Index[], sizes: readonly IndexLike[], role: For["role"], body: () => void): void {
    const open = (at: number): void => {
      if (at === variables.length) body();
      else this.loop(variables[at]!, sizes[at]!, role, () => open(at + 1));
    };
    open(0);
  }

  when(condition: Value, body: () => void): void {
    if (condition.kind === "constant") {
      if (condition.value !== 0) body();
      return;
    }
    const scope = openScope();
    this.#scopes.push(scope);
    body();
    this.#scopes.pop();
    this.#top.statements.push({ kind: "if", condition, body: scope.statements });
  }

  /** A register that starts at the identity of `combine`, here. */
  register(type: ValueType, combine: Combine): Register {
    const register = { name: this.#name("r"), type, combine };
    this.#declared.set(register, this.#scopes.length - 1);
    this.#top.statements.push({ kind: "declare", register });
    return register;
  }

  update(register: Register, value: Value): void {
    this.#top.statements.push({ kind: "update", register, value });
  }

  /** What the register holds, once the loops that update it are closed. */
  read(register: Register): Value {
    const depth = this.#declared.get(register)!;
    return this.#place(`read ${register.name}`, depth, () => ({ kind: "read", type: register.type, register }));
  }

  store(slot: Slot, address: Index, value: Value, mask: Predicate = always): void {
    if (mask !== never) this.#top.statements.push({ kind: "store", slot, address, value, mask });
  }

  /** What has been written so far as the computation of `value`. */
  block(value: Value): Block {
    return { statements: this.#scopes[0]!.statements, value };
  }

  /** The value of the key, computed in the scope at `depth` unless one around has it. */
  #place(key: string, depth: number, make: () => Value, write = true): Value {
    for (let d = depth; d < this.#scopes.length; d++) {
      const known = this.#scopes[d]!.known.get(key);
      if (known !== undefined) return known;
    }
    const value = make();
    this.#scopes[depth]!.known.set(key, value);
    if (write) return this.#put(value, depth);
    this.#depths.set(value, depth);
    return value;
  }

  #put(value: Value, depth: number): Value {
    this.#scopes[depth]!.statements.push({ kind: "let", value });
    this.#depths.set(value, depth);
    return value;
  }

  #depthOf(node: IndexNode): number {
    let depth = 0;
    for (const v of variablesOf(node)) depth = Math.max(depth, this.#depths.get(v as IndexVariable) ?? 0);
    return depth;
  }

  #numberOf(x: object): number {
    return entry(this.#numbers, x, () => this.#numbers.size);
  }

  #name(stem: string): string {
    const count = this.#names.get(stem) ?? 0;
    this.#names.set(stem, count + 1);
    return `${stem}${count}`;
  }
}
