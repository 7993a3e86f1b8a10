import type { FunctionBuilder } from "./function.ts";
import {
  type FamiliesOf,
  type Family,
  type Instruction,
  instructions,
  type MethodOf,
  type Namespace,
  type Words,
} from "./instructions.ts";
import type { ValueType } from "./types.ts";
import type { Expression, Operand } from "./values.ts";

/** Dots of a method's name become underscores. */
type Underscored<S extends string> = S extends `${infer A}.${infer B}` ? `${A}_${Underscored<B>}` : S;

type Operands<W extends readonly string[]> = { [K in keyof W]: W[K] extends ValueType ? Operand<W[K]> : never };

interface Immediates {
  memory: [offset?: number];
  lane: [lane: number];
  "memory lane": [lane: number, offset?: number];
  shuffle: [bytes: readonly number[]];
  zero: [];
  zeros: [];
  i32: [value: number];
  i64: [value: number | bigint];
  f32: [value: number];
  f64: [value: number];
  v128: [value: ArrayBufferView];
}

type ImmediatesOf<F extends Family> = F[5] extends keyof Immediates ? Immediates[F[5]] : [];

type Method<F extends Family> = (
  ...args: [...Operands<Words<F[2]>>, ...ImmediatesOf<F>]
) => F[3] extends ValueType ? Expression<F[3]> : void;

/**
 * A method for every instruction of the table, in the namespace that its name begins with: `f32x4.add(x, y)`,
 * `v128.load(p, 16)`, `memory.atomic_wait32(p, 0, -1n)`. Operands come first and immediates last; offsets are 0 if left out.
 */
export type Namespaces = {
  readonly [N in Namespace]: { readonly [F in FamiliesOf<N> as Underscored<MethodOf<F>>]: Method<F> };
};

type Bound = new (f: FunctionBuilder) => object;

/** One class to a namespace, made when the first function is written. */
let classes: ReadonlyMap<string, Bound> | undefined;

function namespaceClasses(): ReadonlyMap<string, Bound> {
  const made = new Map<string, Bound>();
  for (const instruction of instructions.values()) {
    const { name, namespace } = instruction;
    let type = made.get(namespace);
    if (type === undefined) made.set(namespace, (type = namespaceClass()));
    const method = name.slice(namespace.length + 1).replaceAll(".", "_");
    Object.defineProperty(type.prototype, method, { value: methodOf(instruction) });
  }
  return made;
}

const namespaceClass = (): Bound =>
  class {
    readonly f: FunctionBuilder;
    constructor(f: FunctionBuilder) {
      this.f = f;
    }
  };

const methodOf = (instruction: Instruction) =>
  function (this: { readonly f: FunctionBuilder }, ...args: readonly unknown[]) {
    return this.f.apply(instruction, args);
  };

/** The namespaces of instructions that are written into `f`. */
export function namespacesFor(f: FunctionBuilder): Namespaces {
  classes ??= namespaceClasses();
  return Object.fromEntries([...classes].map(([name, Class]) => [name, new Class(f)])) as unknown as Namespaces;
}
