import type { FunctionType, ValueType } from "./types.ts";

/** What an instruction gives. It is computed where another one takes it, once; what is used twice goes into a local. */
export class Expression<T extends ValueType = ValueType> {
  readonly type: T;
  /** The instruction that gives it. */
  readonly origin: string;
  /** Writes what computes it. */
  readonly write: () => void;
  taken = false;

  constructor(type: T, origin: string, write: () => void) {
    this.type = type;
    this.origin = origin;
    this.write = write;
  }
}

/** A parameter or local of a function. As an operand it is read. */
export class Local<T extends ValueType = ValueType> {
  readonly type: T;
  readonly index: number;

  constructor(type: T, index: number) {
    this.type = type;
    this.index = index;
  }
}

/** A function of a module, defined or imported. */
export interface Func<R extends Results = Results> {
  readonly index: number;
  readonly name: string;
  readonly type: FunctionType & { readonly results: R };
}

/** A function gives one value or none. */
export type Results = readonly [] | readonly [ValueType];

/** What an instruction takes as one of its operands: what another one gives, a local, or a number as a constant of the wanted type. */
export type Operand<T extends ValueType = ValueType> = Readable<T> | Literal<T>;

/** An operand that has a type of its own. */
export type Readable<T extends ValueType = ValueType> = Expression<T> | Local<T>;

type Literal<T extends ValueType> = T extends "v128" ? never : T extends "i64" ? number | bigint : number;

/** What a call gives. */
export type Result<R extends Results> = R extends readonly [infer T extends ValueType] ? Expression<T> : undefined;

/** What the body of a function returns. */
export type Returned<R extends Results> = R extends readonly [infer T extends ValueType] ? Operand<T> : unknown;

/** `i32, local 2`: an operand in error texts. */
export function operandText(operand: unknown): string {
  if (operand instanceof Expression) return `${operand.type}, result of ${operand.origin}`;
  if (operand instanceof Local) return `${operand.type}, local ${operand.index}`;
  return `the ${typeof operand} ${operand}`;
}
