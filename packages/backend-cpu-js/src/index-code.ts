import { foldIndex, type Index, type IndexBuilder, type IndexNode, type IndexVariable } from "@tenon/lowering";
import type { FunctionBuilder } from "./assembler/function.ts";
import type { Expression, Local } from "./assembler/values.ts";

/** A number, or a local that holds it. */
export type Number32 = number | Local<"i32">;

/** Computes index expressions in a function, each operation into a local of its own. */
export class IndexCode {
  readonly #f: FunctionBuilder;
  readonly #variables = new Map<string, Number32>();
  readonly #builder: IndexBuilder<Number32>;

  constructor(f: FunctionBuilder) {
    this.#f = f;
    this.#builder = builderFor(f, ({ name }) => this.#variables.get(name)!);
  }

  /** From here on the variable of that name is in this local. */
  bind(name: string, value: Number32): void {
    this.#variables.set(name, value);
  }

  of(root: IndexNode): Number32 {
    return foldIndex(root, this.#builder);
  }

  /** `n · x`, for a number. */
  scaled(x: Index, n: number): Number32 {
    const value = this.of(x);
    return typeof value === "number" ? value * n : this.#f.let(this.#f.i32.mul(value, n));
  }
}

const isPowerOf2 = (x: Number32): x is number => typeof x === "number" && (x & (x - 1)) === 0;

function builderFor(f: FunctionBuilder, variable: (v: IndexVariable) => Number32): IndexBuilder<Number32> {
  const { i32 } = f;
  const keep = (value: Expression<"i32">): Local<"i32"> => f.let(value);
  const select = (condition: Number32, a: Number32, b: Number32): Number32 => keep(f.select(local(a), b, condition));
  const local = (x: Number32): Local<"i32"> => (typeof x === "number" ? keep(i32.const(x)) : x);
  const quotient = (a: Number32, b: Number32, dividend: Index): Number32 => {
    if (isPowerOf2(b)) return keep(i32.shr_s(a, Math.log2(b)));
    if (dividend.low >= 0) return keep(i32.div_s(a, b));
    // a division truncates: below 0 one starts b − 1 lower
    const lowered = keep(i32.mul(i32.sub(b, 1), i32.lt_s(a, 0)));
    return keep(i32.div_s(i32.sub(a, lowered), b));
  };
  return {
    constant: (value) => value,
    variable,
    add: (a, b) => keep(i32.add(a, b)),
    subtract: (a, b) => keep(i32.sub(a, b)),
    multiply: (a, b) => keep(i32.mul(a, b)),
    floorDiv: quotient,
    mod(a, b, dividend) {
      if (isPowerOf2(b)) return keep(i32.and(a, b - 1));
      return keep(i32.sub(a, i32.mul(quotient(a, b, dividend), b)));
    },
    min: (a, b) => select(keep(i32.lt_s(a, b)), a, b),
    max: (a, b) => select(keep(i32.gt_s(a, b)), a, b),
    select,
    boolean: Number,
    less: (a, b) => keep(i32.lt_s(a, b)),
    equal: (a, b) => keep(i32.eq(a, b)),
    notEqual: (a, b) => keep(i32.ne(a, b)),
    and: (a, b) => keep(i32.and(a, b)),
    or: (a, b) => keep(i32.or(a, b)),
  };
}
