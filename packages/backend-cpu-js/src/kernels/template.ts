import type { Index, IndexVariable, Kernel, Slot } from "@tenon/lowering";
import type { FunctionBuilder } from "../assembler/function.ts";
import type { ModuleBuilder } from "../assembler/module.ts";
import type { Func, Local } from "../assembler/values.ts";
import { IndexCode, type Size } from "../index-code.ts";
import { Body, type Target } from "../render/body.ts";
import { Emitter } from "../render/emit.ts";
import type { Node } from "../render/tape.ts";

type Int = Local<"i32">;

/** The function of a template while it is written: its parameters, and the way to put blocks of the kernel language into it. */
export class Template {
  readonly f: FunctionBuilder;
  readonly target: Target;
  /** The address of scratch memory. */
  readonly scratch: Int;
  /** The first of the parts to compute, and the one after the last. */
  readonly begin: Int;
  readonly end: Int;
  readonly slots = new Map<Slot, Int>();
  readonly #scalars = new Map<IndexVariable, Int>();
  readonly #emitter: Emitter;
  readonly #index: IndexCode;

  constructor(f: FunctionBuilder, target: Target, kernel: Kernel, params: readonly Int[]) {
    this.f = f;
    this.target = target;
    this.#emitter = new Emitter(f);
    this.#index = new IndexCode(f, this.#emitter);
    const [scratch, begin, end] = params.slice(-3) as [Int, Int, Int];
    this.scratch = scratch;
    this.begin = begin;
    this.end = end;
    for (const [i, slot] of kernel.slots.entries()) this.slots.set(slot, params[i]!);
    for (const [i, scalar] of kernel.scalars.entries()) {
      const value = params[kernel.slots.length + i]!;
      this.#scalars.set(scalar, value);
      this.#index.bind(scalar.name, value);
    }
  }

  /** Writes what `render` computes where these locals are what the variables are. */
  write(
    variables: readonly (readonly [IndexVariable, Int])[],
    render: (body: Body, local: (of: Size) => Node) => void,
  ): void {
    this.#emitter.write(this.#body(variables, render).tape.root);
  }

  /** Index expressions in scalars, computed here. */
  sizes<const T extends readonly Index[]>(...indices: T): { readonly [K in keyof T]: Size } {
    return indices.map((index) => this.#index.of(index)) as { readonly [K in keyof T]: Size };
  }

  #body(
    variables: readonly (readonly [IndexVariable, Int])[],
    render: (body: Body, local: (of: Size) => Node) => void,
  ): Body {
    const body = new Body(this.target);
    const local = (of: Size): Node => (typeof of === "number" ? body.lanes.i32(of) : body.tape.local(of));
    for (const [slot, address] of this.slots) body.slots.set(slot, local(address));
    for (const [variable, value] of [...this.#scalars, ...variables]) body.variables.set(variable, local(value));
    render(body, local);
    return body;
  }
}

/**
 * The function of a kernel: a byte address for each slot, an int32 for each scalar, the address of scratch memory, and which
 * of its parts to compute: those from `begin` to before `end`.
 */
export function templateFunction(
  m: ModuleBuilder,
  kernel: Kernel,
  target: Target,
  write: (template: Template) => void,
): Func<readonly []> {
  const names = [...kernel.slots.keys(), ...kernel.scalars.keys(), "scratch", "begin", "end"].map(
    (x, i) => `${x}.${i}`,
  );
  const params = Object.fromEntries(names.map((name) => [name, "i32"] as const));
  return m.func(kernel.name, { params }, (f, locals) => write(new Template(f, target, kernel, Object.values(locals))));
}
