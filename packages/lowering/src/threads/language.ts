import type { IndexBuilder } from "../index-fold.ts";
import type { AluOp, Combine, ValueType } from "../kernel/kernel.ts";
import type { joinLanes } from "./lanes.ts";
import type { wideCode } from "./wide.ts";

/** Threads of a workgroup in groups that run together, each of `count` from a multiple of it on. */
export interface Lanes {
  /** A power of two. */
  readonly count: number;
  /** What another lane has as this value: the one whose number differs in one bit. All lanes of the group must ask. */
  across(value: string, type: ValueType, bit: number): string;
  /** `joinLanes`: targets without lanes go without it. */
  readonly join: typeof joinLanes;
}

/** Accesses to elements side by side, from arrays of a thread's own and into them, which take no longer than one to an element. */
export interface Vectors {
  /** Of elements; a power of two. */
  readonly count: number;
  /** Whether there are such accesses to a slot. */
  has(slot: number): boolean;
  /** Reads from the element at an address on; statements, as the next. */
  load(slot: number, address: string, array: string): string;
  store(slot: number, address: string, array: string): string;
  /** `wideCode`: targets without vectors go without it. */
  readonly wide: typeof wideCode;
}

/**
 * How a language with C's statements writes what kernels are made of: a target's spelling. Texts that stand for values are
 * expressions; assignments, `if` and braces are those of C and are not asked for.
 */
export interface Language {
  /** Index expressions and predicates, as expressions of int32 and bool. */
  readonly index: Omit<IndexBuilder<string>, "variable">;
  type(type: ValueType): string;
  constant(type: ValueType, value: number): string;
  /** An operation on operands of type `from` with a result of type `to`. */
  alu(op: AluOp, operands: readonly string[], from: ValueType, to: ValueType): string;
  /** `a · b + c` of float32, rounded once or twice. */
  multiplyAdd(a: string, b: string, c: string): string;
  combine(combine: Combine, type: ValueType, a: string, b: string): string;
  /** What `combine` begins with. */
  identity(combine: Combine, type: ValueType): string;
  /** An element of a slot, by the slot's number. */
  load(slot: number, address: string): string;
  store(slot: number, address: string, value: string): string;
  /** A name for a value, and a variable. */
  let(name: string, type: ValueType, value: string): string;
  variable(name: string, type: ValueType, value: string): string;
  /** An array of a thread's own. */
  array(name: string, type: ValueType, count: number): string;
  /** The head of a loop over int32 numbers. */
  loop(name: string, from: string, below: string, step: string): string;
  /** An array that the threads of a workgroup share, at module scope. */
  shared(name: string, type: ValueType, count: number): string;
  /** Waits for the threads of the workgroup, and for what they wrote into shared arrays. */
  readonly barrier: string;
  /** How threads side by side exchange values without memory, where the target says how. */
  readonly lanes?: Lanes;
  readonly vectors?: Vectors;
  /** The number of the workgroup, and of the thread in it, as int32. */
  readonly group: string;
  readonly thread: string;
}
