import type { FunctionType, ValueType } from "./types.ts";

/** What a function is being written by; locals and values belong to one. */
export interface Owner {
  readonly name: string;
}

/** The result of an instruction, on the stack. It is used once, by an instruction after it; what is used twice goes into a local. */
export class Value<T extends ValueType = ValueType> {
  readonly type: T;
  /** The instruction that gave it. */
  readonly origin: string;
  readonly owner: Owner;
  /** Where the bytes begin that compute it, or −1 where nothing can be put before it: the second of several results. */
  readonly start: number;

  constructor(type: T, origin: string, owner: Owner, start: number) {
    this.type = type;
    this.origin = origin;
    this.owner = owner;
    this.start = start;
  }
}

/** A parameter or local of a function. As an operand it is read. */
export class Local<T extends ValueType = ValueType> {
  readonly type: T;
  readonly name: string;
  readonly owner: Owner;
  readonly index: number;

  constructor(type: T, name: string, owner: Owner, index: number) {
    this.type = type;
    this.name = name;
    this.owner = owner;
    this.index = index;
  }
}

/** A part of a module, known by its index among those of its kind; another module cannot use it. */
export abstract class Item {
  abstract readonly kind: "function" | "table" | "memory" | "global" | "data segment" | "element segment";
  readonly module: object;
  readonly index: number;

  constructor(module: object, index: number) {
    this.module = module;
    this.index = index;
  }

  /** `function gemm`, `table`: the part in error texts. */
  toString(): string {
    return "name" in this ? `${this.kind} ${this.name}` : this.kind;
  }
}

/** A global of a module. As an operand it is read. */
export class Global<T extends ValueType = ValueType> extends Item {
  readonly kind = "global";
  readonly type: T;
  readonly name: string;
  readonly mutable: boolean;

  constructor(module: object, index: number, type: T, name: string, mutable: boolean) {
    super(module, index);
    this.type = type;
    this.name = name;
    this.mutable = mutable;
  }
}

/** A function of a module, defined or imported. */
export class Func<R extends readonly ValueType[] = readonly ValueType[]> extends Item {
  readonly kind = "function";
  readonly name: string;
  readonly type: FunctionType & { readonly results: R };

  constructor(module: object, index: number, name: string, type: FunctionType & { readonly results: R }) {
    super(module, index);
    this.name = name;
    this.type = type;
  }
}

/** A table of functions. */
export class Table extends Item {
  readonly kind = "table";
}

/** The memory of a module. */
export class Memory extends Item {
  readonly kind = "memory";
}

/** Bytes in the module that `memory.init` copies. */
export class DataSegment extends Item {
  readonly kind = "data segment";
}

/** Functions in the module that `table.init` copies. */
export class ElementSegment extends Item {
  readonly kind = "element segment";
}

/** What an instruction takes as one of its operands: a value, something to read, or a number as a constant of the wanted type. */
export type Operand<T extends ValueType = ValueType> = Readable<T> | Literal<T>;

/** An operand that has a type of its own. */
export type Readable<T extends ValueType = ValueType> = Value<T> | Local<T> | Global<T>;

type Literal<T extends ValueType> = T extends "v128" ? never : T extends "i64" ? number | bigint : number;

/** What a block or a call gives: nothing, one value, or several. */
export type Results<R extends readonly ValueType[]> = R extends readonly []
  ? undefined
  : R extends readonly [infer T extends ValueType]
    ? Value<T>
    : { readonly [K in keyof R]: Value<R[K]> };

/**
 * What the body of a block or function returns: its results as operands, or nothing where it ends in a branch.
 * The empty list is there so that TypeScript takes a list of results as a tuple.
 */
export type Returned<R extends readonly ValueType[]> = GivenBack<R> | readonly [];

type GivenBack<R extends readonly ValueType[]> = R extends readonly []
  ? unknown
  : R extends readonly [infer T extends ValueType]
    ? Operand<T> | undefined
    : { readonly [K in keyof R]: Operand<R[K]> } | undefined;

/** `i32, local k`: an operand in error texts. */
export function operandText(operand: unknown): string {
  if (operand instanceof Value) return `${operand.type}, result of ${operand.origin}`;
  if (operand instanceof Local) return `${operand.type}, local ${operand.name}`;
  if (operand instanceof Global) return `${operand.type}, ${operand}`;
  if (typeof operand === "number" || typeof operand === "bigint") return `the ${typeof operand} ${operand}`;
  return operand === undefined ? "missing" : `a JavaScript ${operand === null ? "null" : typeof operand}`;
}
