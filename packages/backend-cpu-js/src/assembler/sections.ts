import { ByteWriter } from "./bytes.ts";
import type { Code } from "./code.ts";
import { AssemblyError } from "./errors.ts";
import { immediates } from "./immediates.ts";
import { control, instructions } from "./instructions.ts";
import { type FunctionType, typeCodes, type ValueType } from "./types.ts";
import type { Func, Global, Memory, Table } from "./values.ts";

/** Fewest and most pages of a memory, or entries of a table. */
export interface Limits {
  readonly initial: number;
  readonly maximum?: number;
  readonly shared?: boolean;
}

/** What a module can export. */
export type Entry = Func | Table | Memory | Global;

export type Import = { readonly module: string; readonly name: string } & (
  | { readonly kind: "function"; readonly type: number }
  | { readonly kind: "table" | "memory"; readonly limits: Limits }
  | { readonly kind: "global"; readonly type: ValueType; readonly mutable: boolean }
);

/** All that a module consists of, in its order. */
export interface ModuleParts {
  readonly types: readonly FunctionType[];
  readonly imports: readonly Import[];
  /** Imported ones first. */
  readonly functions: readonly Func[];
  /** One for each function that is not imported. */
  readonly bodies: readonly { readonly code: Code; readonly type: number }[];
  readonly tables: readonly Limits[];
  readonly memory: Limits | undefined;
  readonly globals: readonly { readonly global: Global; readonly initial: Initial }[];
  readonly exports: ReadonlyMap<string, Entry>;
  readonly start: Func | undefined;
  readonly elements: readonly {
    readonly table?: Table;
    readonly offset: number;
    readonly functions: readonly Func[];
  }[];
  readonly data: readonly { readonly offset?: number; readonly bytes: Uint8Array }[];
}

type Initial = number | bigint | ArrayBufferView;

const FUNCTION_TYPE = 0x60;
const FUNCREF = 0x70;
/** Kinds of imports and exports. */
const kinds = { function: 0, table: 1, memory: 2, global: 3 } as const;

/** The binary format of a module: magic, version, and the sections that are not empty, in the order of the specification. */
export function encodeModule(parts: ModuleParts): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter(4096);
  out.bytes([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]); // "\0asm", version 1
  const section = (id: number, write: (to: ByteWriter) => void) => {
    out.byte(id);
    out.sized(write);
  };
  const list = <T>(id: number, items: readonly T[], write: (to: ByteWriter, item: T) => void) => {
    if (items.length > 0) section(id, (to) => writeList(to, items, write));
  };

  list(1, parts.types, writeType);
  list(2, parts.imports, writeImport);
  list(3, parts.bodies, (to, { type }) => to.u32(type));
  list(4, parts.tables, writeTable);
  list(5, parts.memory === undefined ? [] : [parts.memory], writeLimits);
  list(6, parts.globals, writeGlobal);
  list(7, [...parts.exports], writeExport);
  const { start } = parts;
  if (start !== undefined) section(8, (to) => to.u32(start.index));
  list(9, parts.elements, writeElements);
  if (parts.data.length > 0) section(12, (to) => to.u32(parts.data.length)); // before the code, which may name them
  list(10, parts.bodies, (to, { code }) => writeBody(to, code));
  list(11, parts.data, writeData);
  if (parts.functions.length > 0) section(0, (to) => writeNames(to, parts.functions));
  return out.toBytes();
}

function writeList<T>(to: ByteWriter, items: readonly T[], write: (to: ByteWriter, item: T) => void): void {
  to.u32(items.length);
  for (const item of items) write(to, item);
}

function writeType(to: ByteWriter, { params, results }: FunctionType): void {
  to.byte(FUNCTION_TYPE);
  for (const types of [params, results]) writeList(to, types, (bytes, type) => bytes.byte(typeCodes[type]));
}

function writeImport(to: ByteWriter, entry: Import): void {
  to.name(entry.module);
  to.name(entry.name);
  to.byte(kinds[entry.kind]);
  if (entry.kind === "function") to.u32(entry.type);
  else if (entry.kind === "global") writeGlobalType(to, entry);
  else if (entry.kind === "table") writeTable(to, entry.limits);
  else writeLimits(to, entry.limits);
}

function writeLimits(to: ByteWriter, { initial, maximum, shared = false }: Limits): void {
  to.byte((maximum === undefined ? 0 : 1) | (shared ? 2 : 0));
  to.u32(initial);
  if (maximum !== undefined) to.u32(maximum);
}

function writeTable(to: ByteWriter, limits: Limits): void {
  to.byte(FUNCREF);
  writeLimits(to, limits);
}

function writeGlobalType(to: ByteWriter, { type, mutable }: { type: ValueType; mutable: boolean }): void {
  to.byte(typeCodes[type]);
  to.byte(mutable ? 1 : 0);
}

function writeGlobal(to: ByteWriter, { global, initial }: ModuleParts["globals"][number]): void {
  writeGlobalType(to, global);
  writeConstant(to, global.type, initial, `global ${global.name}`);
}

/** A constant expression: one constant and the end. */
function writeConstant(to: ByteWriter, type: ValueType, value: Initial, name: string): void {
  to.opcode(instructions[`${type}.const`][2]);
  const problem = immediates[type].write(to, 0, value);
  if (problem !== undefined) throw new AssemblyError("E557", name, problem, { operands: { given: value } });
  to.byte(control.end);
}

function writeExport(to: ByteWriter, [name, entry]: readonly [string, Entry]): void {
  to.name(name);
  to.byte(kinds[entry.kind]);
  to.u32(entry.index);
}

/** Active segments name their table only if it is not the first one; passive ones have no place. */
function writeElements(to: ByteWriter, { table, offset, functions }: ModuleParts["elements"][number]): void {
  to.u32(table === undefined ? 1 : table.index === 0 ? 0 : 2);
  if (table !== undefined) {
    if (table.index > 0) to.u32(table.index);
    writeConstant(to, "i32", offset, "elements");
  }
  if (table === undefined || table.index > 0) to.byte(0); // elements are functions
  writeList(to, functions, (bytes, func) => bytes.u32(func.index));
}

function writeData(to: ByteWriter, { offset, bytes }: ModuleParts["data"][number]): void {
  to.u32(offset === undefined ? 1 : 0);
  if (offset !== undefined) writeConstant(to, "i32", offset, "data");
  to.u32(bytes.length);
  to.bytes(bytes);
}

/** Locals as runs of one type, without the parameters; then the instructions. */
function writeBody(to: ByteWriter, code: Code): void {
  const runs: { type: ValueType; count: number }[] = [];
  for (const { type } of code.locals.slice(code.type.params.length)) {
    const last = runs.at(-1);
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  const head = new ByteWriter();
  writeList(head, runs, (bytes, { type, count }) => {
    bytes.u32(count);
    bytes.byte(typeCodes[type]);
  });
  to.u32(head.length + code.bytes.length + 1);
  to.append(head);
  to.append(code.bytes);
  to.byte(control.end);
}

/** The custom section `name`, by which profilers and stack traces name functions. */
function writeNames(to: ByteWriter, functions: readonly Func[]): void {
  const FUNCTION_NAMES = 1;
  to.name("name");
  to.byte(FUNCTION_NAMES);
  to.sized((inner) =>
    writeList(inner, functions, (bytes, { index, name }) => {
      bytes.u32(index);
      bytes.name(name);
    }),
  );
}
