import type { Index, IndexNode } from "@tenon/lowering";
import type { FunctionBuilder } from "./assembler/function.ts";
import type { Local } from "./assembler/values.ts";
import { constantOf, Lanes } from "./render/arithmetic.ts";
import { Emitter } from "./render/emit.ts";
import { renderIndex } from "./render/indices.ts";
import { Tape } from "./render/tape.ts";

/** A number that is known when the function is written, or a local that holds it. */
export type Size = Local<"i32"> | number;

/** Computes index expressions in a function, each into a local of its own. */
export class IndexCode {
  readonly #f: FunctionBuilder;
  readonly #emitter: Emitter;
  readonly #variables = new Map<string, Local<"i32">>();

  constructor(f: FunctionBuilder, emitter = new Emitter(f)) {
    this.#f = f;
    this.#emitter = emitter;
  }

  /** From here on the variable of that name is in this local. */
  bind(name: string, value: Local<"i32">): void {
    this.#variables.set(name, value);
  }

  of(root: IndexNode): Size {
    const tape = new Tape();
    const variable = ({ name }: { readonly name: string }) => tape.local(this.#variables.get(name)!);
    const node = tape.keep(renderIndex(new Lanes(tape, false), root, variable));
    const known = constantOf(node);
    if (known !== undefined) return known;
    const local = this.#f.local("i32");
    this.#emitter.write(tape.root, () => this.#f.set(local, this.#emitter.value(node) as Local<"i32">));
    return local;
  }

  /** `n · x`, for a number. */
  scaled(x: Index, n: number): Size {
    const value = this.of(x);
    return typeof value === "number" ? value * n : this.#f.let(this.#f.i32.mul(value, n));
  }
}
