import { ByteWriter } from "./bytes.ts";
import { AssemblyError } from "./errors.ts";
import { FunctionBuilder } from "./function.ts";
import { type FunctionType, typeCodes, type ValueType } from "./types.ts";
import type { Func, Local, Operand, Results, Returned } from "./values.ts";

/** What a function takes, by name, and what it gives. */
export interface Signature<P extends Params = Params, R extends Results = Results> {
  readonly params: P;
  readonly results?: R;
}

type Params = Readonly<Record<string, ValueType>>;

/** The parameters of a function as locals, by name. */
export type Parameters<P extends Params> = { readonly [K in keyof P]: Local<P[K]> };

/** Fewest and most pages of 64 KiB. Shared memory needs a maximum. */
export interface MemoryLimits {
  readonly initial: number;
  readonly maximum?: number;
  readonly shared?: boolean;
}

/** What a module can export. */
export type Entry = Func | "memory";

const FUNCTION_TYPE = 0x60;
/** Kinds of imports and exports. */
const [FUNCTION, MEMORY] = [0, 2];
/** Sections, by what they hold. */
const [CUSTOM, TYPES, IMPORTS, FUNCTIONS, MEMORIES, EXPORTS, CODE] = [0, 1, 2, 3, 5, 7, 10];

/** A function of the module's own, and its body. */
interface Body {
  readonly func: Func;
  readonly f: FunctionBuilder;
}

/**
 * Writes one WebAssembly module. Imported functions come first, since they are counted first. Equal calls give equal bytes.
 */
export class ModuleBuilder {
  /** By their text, which is the same for equal types. */
  readonly #types = new Map<string, FunctionType>();
  readonly #imports: ((to: ByteWriter) => void)[] = [];
  readonly #functions: Func[] = [];
  readonly #bodies: Body[] = [];
  readonly #memories: MemoryLimits[] = [];
  readonly #exports: (readonly [name: string, entry: Entry])[] = [];

  importFunc<P extends Params, const R extends Results = readonly []>(
    module: string,
    name: string,
    signature: Signature<P, R>,
  ): Func<NoInfer<R>> {
    if (this.#bodies.length > 0)
      throw new AssemblyError("E558", "import", `"${name}" comes after a function of the module's own`, {
        fix: "import before you define",
      });
    const func = this.#declare(name, signature);
    this.#import(module, name, (to) => to.u32(FUNCTION, this.#typeIndex(func.type)));
    return func;
  }

  importMemory(module: string, name: string, limits: MemoryLimits): Entry {
    this.#import(module, name, (to) => {
      to.byte(MEMORY);
      writeLimits(to, limits);
    });
    return "memory";
  }

  memory(limits: MemoryLimits): Entry {
    this.#memories.push(limits);
    return "memory";
  }

  /** A function: its name for profilers and error texts, its type, and its body. */
  func<P extends Params, const R extends Results = readonly []>(
    name: string,
    signature: Signature<P, R>,
    body: (f: FunctionBuilder, params: Parameters<P>) => Returned<R>,
  ): Func<NoInfer<R>> {
    const func = this.#declare(name, signature);
    const f = new FunctionBuilder(name);
    this.#bodies.push({ func, f });
    const params = Object.entries(signature.params).map(([param, type]) => [param, f.local(type)]);
    const result = body(f, Object.fromEntries(params) as Parameters<P>);
    const { results } = func.type;
    f.end(results, results.length === 0 ? [] : [result as Operand]);
    return func;
  }

  export(name: string, entry: Entry): void {
    this.#exports.push([name, entry]);
  }

  /** The module in the binary format: magic, version, and the sections that are not empty, in the order of the specification. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const out = new ByteWriter();
    out.bytes([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]); // "\0asm", version 1
    const section = <T>(id: number, items: readonly T[], write: (to: ByteWriter, item: T) => void): void => {
      if (items.length === 0) return;
      out.byte(id);
      out.sized((to) => to.list(items, (item) => write(to, item)));
    };
    section(TYPES, [...this.#types.values()], writeType);
    section(IMPORTS, this.#imports, (to, write) => write(to));
    section(FUNCTIONS, this.#bodies, (to, { func }) => to.u32(this.#typeIndex(func.type)));
    section(MEMORIES, this.#memories, writeLimits);
    section(EXPORTS, this.#exports, (to, [name, entry]) => {
      to.name(name);
      if (entry === "memory") to.u32(MEMORY, 0);
      else to.u32(FUNCTION, entry.index);
    });
    section(CODE, this.#bodies, writeBody);
    if (this.#functions.length > 0) {
      out.byte(CUSTOM);
      out.sized((to) => writeNames(to, this.#functions));
    }
    return out.toBytes();
  }

  #import(module: string, name: string, write: (to: ByteWriter) => void): void {
    this.#imports.push((to) => {
      to.name(module);
      to.name(name);
      write(to);
    });
  }

  #declare<R extends Results>(name: string, { params, results }: Signature<Params, R>): Func<R> {
    const type = { params: Object.values(params), results: results ?? ([] as const as R) };
    this.#typeIndex(type);
    const func = { index: this.#functions.length, name, type };
    this.#functions.push(func);
    return func;
  }

  /** The place of a type among the module's, the same for equal types. */
  #typeIndex(type: FunctionType): number {
    const text = `${type.params} -> ${type.results}`;
    if (!this.#types.has(text)) this.#types.set(text, type);
    return [...this.#types.keys()].indexOf(text);
  }
}

function writeType(to: ByteWriter, { params, results }: FunctionType): void {
  to.byte(FUNCTION_TYPE);
  for (const types of [params, results]) to.list(types, (type) => to.byte(typeCodes[type]));
}

function writeLimits(to: ByteWriter, { initial, maximum, shared = false }: MemoryLimits): void {
  to.byte((maximum === undefined ? 0 : 1) | (shared ? 2 : 0));
  to.u32(initial, ...(maximum === undefined ? [] : [maximum]));
}

/** Locals as runs of one type, without the parameters; then the instructions. */
function writeBody(to: ByteWriter, { func, f }: Body): void {
  const runs: { readonly type: ValueType; count: number }[] = [];
  for (const type of f.locals.slice(func.type.params.length)) {
    const last = runs.at(-1);
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  to.sized((inner) => {
    inner.list(runs, ({ type, count }) => inner.u32(count, typeCodes[type]));
    inner.append(f.bytes);
  });
}

/** The custom section `name`, by which profilers and stack traces name functions. */
function writeNames(to: ByteWriter, functions: readonly Func[]): void {
  const FUNCTION_NAMES = 1;
  to.name("name");
  to.byte(FUNCTION_NAMES);
  to.sized((inner) =>
    inner.list(functions, ({ index, name }) => {
      inner.u32(index);
      inner.name(name);
    }),
  );
}
