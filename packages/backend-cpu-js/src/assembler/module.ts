import { Code } from "./code.ts";
import { AssemblyError, callLine } from "./errors.ts";
import { FunctionBuilder } from "./function.ts";
import { type Entry, encodeModule, type Import, type Limits, type ModuleParts } from "./sections.ts";
import { type FunctionType, functionTypeText, type ValueType } from "./types.ts";
import { DataSegment, ElementSegment, Func, Global, type Local, Memory, type Returned, Table } from "./values.ts";

/** What a function takes, by name, and what it gives. */
export interface Signature<P extends Params = Params, R extends readonly ValueType[] = readonly ValueType[]> {
  readonly params: P;
  readonly results?: R;
}

type Params = Readonly<Record<string, ValueType>>;

/** The parameters of a function as locals, by name. */
export type Parameters<P extends Params> = { readonly [K in keyof P]: Local<P[K]> };

/** A function that is declared, and may be called, before its body is written. */
export class Declared<P extends Params, R extends readonly ValueType[]> extends Func<R> {
  readonly params: P;
  constructor(module: object, index: number, name: string, params: P, type: FunctionType & { readonly results: R }) {
    super(module, index, name, type);
    this.params = params;
  }
}

/** Pages of 64 KiB. Shared memory needs a maximum. */
export interface MemoryLimits extends Limits {
  readonly shared?: boolean;
}

/**
 * Writes one WebAssembly module. Imports come first, since they are counted first; then functions, memory, tables,
 * globals and data in any order. Equal calls give equal bytes.
 */
export class ModuleBuilder {
  readonly #types: FunctionType[] = [];
  readonly #typeIndices = new Map<string, number>();
  readonly #imports: Import[] = [];
  readonly #functions: Func[] = [];
  /** By index of the function; undefined for imports and until `define`. */
  readonly #bodies: (Code | undefined)[] = [];
  readonly #tables: Limits[] = [];
  readonly #globals: { global: Global; initial: number | bigint | ArrayBufferView }[] = [];
  readonly #exports = new Map<string, Entry>();
  readonly #elements: { table?: Table; offset: number; functions: readonly Func[] }[] = [];
  readonly #data: { offset?: number; bytes: Uint8Array }[] = [];
  readonly #imported = { function: 0, table: 0, memory: 0, global: 0 };
  #memory: MemoryLimits | undefined;
  #start: Func | undefined;

  importFunc<P extends Params, const R extends readonly ValueType[] = readonly []>(
    module: string,
    name: string,
    signature: Signature<P, R>,
  ): Func<NoInfer<R>> {
    const type = functionType(signature);
    const index = this.#import({ module, name, kind: "function", type: this.typeIndex(type) }, this.#functions.length);
    const func = new Func(this, index, name, type);
    this.#functions.push(func);
    this.#bodies.push(undefined);
    return func;
  }

  importMemory(module: string, name: string, limits: MemoryLimits): Memory {
    this.#checkMemory("importMemory", limits);
    return new Memory(this, this.#import({ module, name, kind: "memory", limits }, 0));
  }

  importTable(module: string, name: string, limits: Limits): Table {
    return new Table(
      this,
      this.#import({ module, name, kind: "table", limits }, this.#imported.table + this.#tables.length),
    );
  }

  importGlobal<T extends ValueType>(module: string, name: string, type: T, { mutable = false } = {}): Global<T> {
    const count = this.#imported.global + this.#globals.length;
    return new Global(this, this.#import({ module, name, kind: "global", type, mutable }, count), type, name, mutable);
  }

  /** A function: its name for profilers and error texts, its type, and its body. */
  func<P extends Params, const R extends readonly ValueType[] = readonly []>(
    name: string,
    signature: Signature<P, R>,
    body: (f: FunctionBuilder, params: Parameters<P>) => Returned<R>,
  ): Func<NoInfer<R>> {
    return this.define(this.declare(name, signature), body);
  }

  /** A function whose body is written later, so that others, or itself, can call it before. */
  declare<P extends Params, const R extends readonly ValueType[] = readonly []>(
    name: string,
    signature: Signature<P, R>,
  ): Declared<P, NoInfer<R>> {
    const func = new Declared(this, this.#functions.length, name, signature.params, functionType(signature));
    this.typeIndex(func.type);
    this.#functions.push(func);
    this.#bodies.push(undefined);
    return func;
  }

  define<P extends Params, const R extends readonly ValueType[]>(
    func: Declared<P, R>,
    body: (f: FunctionBuilder, params: Parameters<P>) => Returned<R>,
  ): Func<NoInfer<R>> {
    this.#checkItems("define", [func]);
    if (this.#bodies[func.index] !== undefined) refuse("define", `the function ${func.name} already has a body`);
    const code = new Code(this, func.name, func.type);
    const params = Object.fromEntries(
      Object.entries(func.params).map(([name, type]) => [name, code.newLocal(type, name)]),
    );
    const results = body(new FunctionBuilder(code, (type) => this.typeIndex(type)), params as Parameters<P>);
    code.close(`end of ${func.name}`, func.type.results, results);
    this.#bodies[func.index] = code;
    return func;
  }

  memory(limits: MemoryLimits): Memory {
    this.#checkMemory("memory", limits);
    this.#memory = limits;
    return new Memory(this, 0);
  }

  /** A table of functions, empty until `elements` or `table.init` fill it. */
  table(limits: Limits): Table {
    return new Table(this, this.#imported.table + this.#tables.push(limits) - 1);
  }

  /** `initial` is a number, for v128 a typed array of 16 bytes. */
  global<T extends ValueType>(
    name: string,
    type: T,
    initial: number | bigint | ArrayBufferView,
    { mutable = false } = {},
  ): Global<T> {
    const global = new Global(this, this.#imported.global + this.#globals.length, type, name, mutable);
    this.#globals.push({ global, initial });
    return global;
  }

  /** Puts functions into a table from `offset` on, when the module starts. */
  elements(table: Table, offset: number, functions: readonly Func[]): void {
    this.#checkItems("elements", [table, ...functions]);
    this.#elements.push({ table, offset, functions });
  }

  passiveElements(functions: readonly Func[]): ElementSegment {
    this.#checkItems("passiveElements", functions);
    return new ElementSegment(this, this.#elements.push({ offset: 0, functions }) - 1);
  }

  /** Puts bytes into the memory at `offset`, when the module starts. */
  data(offset: number, bytes: Uint8Array): void {
    this.#data.push({ offset, bytes });
  }

  passiveData(bytes: Uint8Array): DataSegment {
    return new DataSegment(this, this.#data.push({ bytes }) - 1);
  }

  export(name: string, entry: Entry): void {
    if (this.#exports.has(name)) refuse("export", `"${name}" is already exported`);
    this.#checkItems("export", [entry]);
    this.#exports.set(name, entry);
  }

  /** The function that runs when the module starts. */
  start(func: Func): void {
    const text = functionTypeText(func.type);
    if (text !== "() -> ()") refuse("start", `${func.name} is ${text}, but it has to be () -> ()`);
    this.#checkItems("start", [func]);
    this.#start = func;
  }

  /** The place of a type among the module's, the same for equal types. */
  typeIndex(type: FunctionType): number {
    const text = functionTypeText(type);
    const known = this.#typeIndices.get(text);
    if (known !== undefined) return known;
    this.#typeIndices.set(text, this.#types.length);
    return this.#types.push(type) - 1;
  }

  /** The module in the binary format. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const bodies = this.#functions
      .slice(this.#imported.function)
      .map(
        (func) =>
          this.#bodies[func.index] ??
          refuse("toBytes", `the function ${func.name} has no body`, "give it one with m.define"),
      );
    const parts: ModuleParts = {
      types: this.#types,
      imports: this.#imports,
      functions: this.#functions,
      bodies: bodies.map((code) => ({ code, type: this.typeIndex(code.type) })),
      tables: this.#tables,
      memory: this.#memory,
      globals: this.#globals,
      exports: this.#exports,
      start: this.#start,
      elements: this.#elements,
      data: this.#data,
    };
    return encodeModule(parts);
  }

  /** Records an import, of whose kind there are `count` already, and gives its index, which is `count`. */
  #import(entry: Import, count: number): number {
    if (count > this.#imported[entry.kind])
      refuse("import", `"${entry.name}" comes after a ${entry.kind} of the module's own`, "import before you define");
    this.#imported[entry.kind]++;
    this.#imports.push(entry);
    return count;
  }

  #checkItems(name: string, items: readonly Entry[]): void {
    for (const item of items) if (item.module !== this) refuse(name, `the ${item} is of another module`);
  }

  #checkMemory(name: string, { initial, maximum, shared = false }: MemoryLimits): void {
    if (this.#memory !== undefined || this.#imported.memory > 0) refuse(name, "the module already has a memory");
    if (shared && maximum === undefined) refuse(name, "a shared memory needs a maximum");
    if (initial > (maximum ?? MAX_PAGES) || (maximum ?? 0) > MAX_PAGES)
      refuse(name, `the limits ${initial} and ${maximum} are not in order, or above ${MAX_PAGES} pages`);
  }
}

/** 4 GiB: what addresses of 32 bits reach. */
const MAX_PAGES = 65_536;

function functionType<R extends readonly ValueType[]>({ params, results }: Signature<Params, R>) {
  return { params: Object.values(params), results: results ?? ([] as readonly ValueType[] as R) };
}

function refuse(name: string, problem: string, fix?: string): never {
  throw new AssemblyError("E558", name, problem, { at: callLine(), fix });
}
