import { isFunctionRef, isList } from "./attr-value.ts";
import type { Attrs, AttrValue } from "./attrs.ts";
import { isShortInteger, magic, OPTIONAL, sections, tags } from "./binary-layout.ts";
import { ByteWriter } from "./bytes.ts";
import { type Dim, DimExpr } from "./dim.ts";
import { dtypes } from "./dtype.ts";
import { FormatError } from "./errors.ts";
import { type FunctionDef, type FunctionName, type Module, type OpRow, valueTypes } from "./module.ts";
import { toHex } from "./sha256.ts";
import type { TensorType } from "./shape.ts";
import { writtenAttrs } from "./written.ts";

/** The binary form of a module. The same module gives the same bytes. */
export function moduleToBinary(module: Module): Uint8Array {
  return new Writer(module).write();
}

/** Numbers of entries in the order of their first use. */
class Table<T> {
  readonly items: T[] = [];
  private readonly numbers = new Map<string, number>();

  number(key: string, item: T): number {
    const before = this.numbers.get(key);
    if (before !== undefined) return before;
    this.numbers.set(key, this.items.length);
    return this.items.push(item) - 1;
  }
}

type Written = ReturnType<typeof writtenAttrs>;

interface Kind {
  readonly row: OpRow;
  readonly attrs: number;
}

class Writer {
  private readonly module: Module;
  private readonly strings = new Table<string>();
  private readonly sizes = new Table<string>();
  private readonly types = new Table<TensorType>();
  private readonly typeNumbers = new Map<TensorType, number>();
  private readonly attrs = new Table<Written>();
  private readonly kinds = new Table<Kind>();
  private readonly functions: ReadonlyMap<string, number>;

  constructor(module: Module) {
    this.module = module;
    this.functions = new Map(module.functions.map((fn, i) => [fn.name, i]));
  }

  /** A table is made after the sections that fill it, in whose order a reader meets its entries. */
  write(): Uint8Array {
    const { module } = this;
    const out = new ByteWriter();
    out.raw(magic);
    for (const part of module.version) out.varint(part);
    const functions = section(module.functions, (fn, to) => this.functionBody(fn, to), false);
    const weightTypes = module.weights.map((row) => this.type(row.type));
    const stateTypes = module.state.map((row) => this.type(row.type));
    const types = section(this.types.items, (type, to) => this.typeEntry(type, to));
    for (const set of this.attrs.items) for (const [, value] of set) this.noteSizes(value);
    const opsets = section([...module.opsets], ([name, version], to) => {
      to.varint(this.string(name));
      to.varint(version);
    });
    const symbols = section(module.symbols, ({ name, min, max, multiple }, to) => {
      to.varint(this.string(name));
      for (const n of [min, max, multiple]) to.varint(n);
    });
    const sizes = section(this.sizes.items, (text, to) => to.varint(this.string(text)));
    const names = section(module.functions, (fn, to) => to.varint(this.string(fn.name)));
    const attrs = section(this.attrs.items, (set, to) => this.attrSet(set, to));
    const kinds = section(this.kinds.items, (kind, to) => this.kindEntry(kind, to));
    const entries = section([...module.entries], ([name, fn], to) => {
      to.varint(this.string(name));
      to.varint(this.fn(fn));
    });
    const weights = section(module.weights, (row, to, i) => {
      to.varint(this.string(row.name));
      to.varint(weightTypes[i]!);
      to.varint(this.string(row.entry));
      to.varint(row.input);
      to.varint(this.string(row.sha256));
      to.varint(this.string(row.blob));
    });
    const state = section(module.state, (row, to, i) => {
      to.varint(this.string(row.name));
      to.varint(stateTypes[i]!);
      to.varint(this.string(row.entry));
      to.varint(row.input);
      to.varint(row.output);
      to.varint(this.string(row.role));
      to.varint(this.string(row.owner));
    });
    const strings = section(this.strings.items, (text, to) => to.text(text));
    const contents = {
      strings,
      opsets,
      symbols,
      sizes,
      types,
      names,
      attrs,
      kinds,
      functions,
      entries,
      weights,
      state,
    };
    for (const [name, content] of Object.entries(contents))
      writeSection(out, sections[name as keyof typeof contents], 0, content);
    const tables = tablesContent(module);
    if (tables !== undefined) writeSection(out, sections.tables, OPTIONAL, tables);
    return out.done();
  }

  private string(text: string): number {
    return this.strings.number(text, text);
  }

  private size(expr: DimExpr): number {
    return this.sizes.number(expr.key, expr.key);
  }

  private type(type: TensorType): number {
    let number = this.typeNumbers.get(type);
    if (number === undefined) {
      number = this.types.number(`${type.dtype} ${type.shape.join(",")}`, type);
      this.typeNumbers.set(type, number);
    }
    return number;
  }

  private fn(name: string): number {
    const number = this.functions.get(name);
    if (number === undefined) throw new FormatError("E138", "binary", `there is no function @${name} to write`);
    return number;
  }

  private functionBody(fn: FunctionDef, to: ByteWriter): void {
    to.varint(fn.inputs.length);
    for (const { type, alias } of fn.inputs) {
      to.varint(this.type(type));
      to.varint(alias === undefined ? 0 : alias + 1);
    }
    to.varint(fn.ops.length);
    let next = fn.inputs.length;
    for (const row of fn.ops) {
      to.varint(this.kind(row));
      for (const operand of row.operands) to.varint(distance(fn, next, operand));
      for (const type of row.types) to.varint(this.type(type));
      next += row.types.length;
    }
    to.varint(fn.results.length);
    for (const result of fn.results) to.varint(distance(fn, next, result));
  }

  private kind(row: OpRow): number {
    const set = writtenAttrs(row).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const attrs = this.attrs.number(set.map(([name, value]) => `${JSON.stringify(name)}:${keyOf(value)}`).join(), set);
    const { op, version, operands, types, decomp, vjp } = row;
    return this.kinds.number(
      JSON.stringify([op, version, attrs, operands.length, types.length, decomp?.name, vjp?.name]),
      { row, attrs },
    );
  }

  private kindEntry({ row, attrs }: Kind, to: ByteWriter): void {
    to.varint(this.string(row.op));
    to.varint(row.version);
    to.varint(attrs);
    to.varint(row.decomp === undefined ? 0 : this.fn(row.decomp.name) + 1);
    if (row.decomp !== undefined) to.varint(row.vjp === undefined ? 0 : this.fn(row.vjp.name) + 1);
    to.varint(row.operands.length);
    to.varint(row.types.length);
  }

  private typeEntry({ dtype, shape }: TensorType, to: ByteWriter): void {
    to.varint(dtypes[dtype].code);
    to.varint(shape.length);
    for (const d of shape) this.dim(d, to);
  }

  private dim(d: Dim, to: ByteWriter): void {
    to.varint(typeof d === "number" ? d + 1 : 0);
    if (typeof d !== "number") to.varint(this.size(d));
  }

  private noteSizes(value: AttrValue): void {
    if (value instanceof DimExpr) this.size(value);
    else if (isList(value)) for (const v of value) this.noteSizes(v);
    else if (isRecord(value)) for (const [, v] of sortedFields(value)) this.noteSizes(v);
  }

  private attrSet(set: Written, to: ByteWriter): void {
    to.varint(set.length);
    for (const [name, value] of set) {
      to.varint(this.string(name));
      this.value(value, to);
    }
  }

  private value(value: AttrValue, to: ByteWriter): void {
    if (typeof value === "boolean") to.byte(value ? tags.true : tags.false);
    else if (typeof value === "number") {
      to.byte(isShortInteger(value) ? tags.integer : tags.float);
      if (!isShortInteger(value)) to.float64(value);
      else to.varint(value >= 0 ? 2 * value : -2 * value - 1);
    } else if (typeof value === "string") {
      to.byte(tags.string);
      to.varint(this.string(value));
    } else if (value instanceof Uint8Array) {
      to.byte(tags.bytes);
      to.varint(value.length);
      to.raw(value);
    } else if (value instanceof DimExpr) {
      to.byte(tags.size);
      to.varint(this.size(value));
    } else if (isList(value)) {
      to.byte(tags.list);
      to.varint(value.length);
      for (const v of value) this.value(v, to);
    } else if (isFunctionRef(value)) {
      to.byte(tags.function);
      to.varint(this.fn((value as FunctionName).name));
    } else {
      to.byte(tags.record);
      const fields = sortedFields((value ?? {}) as Attrs);
      to.varint(fields.length);
      for (const [name, v] of fields) {
        to.varint(this.string(name));
        this.value(v, to);
      }
    }
  }
}

const isRecord = (value: AttrValue): value is Attrs =>
  typeof value === "object" &&
  !(value instanceof Uint8Array) &&
  !(value instanceof DimExpr) &&
  !isList(value) &&
  !isFunctionRef(value);

const sortedFields = (record: Attrs): [string, AttrValue][] =>
  Object.entries(record)
    .filter(([, v]) => v !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));

/** A text that is equal for equal values, and only for those. */
function keyOf(value: AttrValue): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object") return String(value);
  if (value instanceof DimExpr) return `(${value.key})`;
  if (value instanceof Uint8Array) return `x${toHex(value)}`;
  if (isList(value)) return `[${value.map((v) => keyOf(v)).join()}]`;
  if (isFunctionRef(value)) return `@${JSON.stringify((value as FunctionName).name)}`;
  return `{${sortedFields(value as Attrs)
    .map(([name, v]) => `${JSON.stringify(name)}:${keyOf(v)}`)
    .join()}}`;
}

/** How far back a value lies. */
function distance(fn: FunctionDef, next: number, value: number): number {
  if (value >= 0 && value < next) return next - value;
  throw new FormatError("E138", "binary", `@${fn.name} uses the value ${value} before it is defined`, {
    fix: "verify the module first",
  });
}

function section<T>(
  items: readonly T[],
  each: (item: T, to: ByteWriter, index: number) => void,
  counted = true,
): Uint8Array {
  const to = new ByteWriter();
  if (counted) to.varint(items.length);
  items.forEach((item, i) => {
    each(item, to, i);
  });
  return to.done();
}

function writeSection(out: ByteWriter, id: number, flags: number, content: Uint8Array): void {
  out.varint(id);
  out.varint(flags);
  out.varint(content.length);
  out.raw(content);
}

/** Notes on values and ops that exist, by function and number; undefined when there are none. */
function tablesContent({ functions, tables }: Module): Uint8Array | undefined {
  const strings = new Table<string>();
  const body = new ByteWriter();
  for (const [table, countOf] of [
    [tables.names, (fn: FunctionDef) => valueTypes(fn).length],
    [tables.scopes, (fn: FunctionDef) => fn.ops.length],
    [tables.sources, (fn: FunctionDef) => fn.ops.length],
  ] as const) {
    const rows = functions.flatMap((fn, i) => {
      const notes = table.get(fn.name);
      if (notes === undefined) return [];
      const kept = [...notes].filter(([n]) => n < countOf(fn)).sort(([a], [b]) => a - b);
      return kept.length === 0 ? [] : [{ number: i, kept }];
    });
    body.varint(rows.length);
    for (const { number, kept } of rows) {
      body.varint(number);
      body.varint(kept.length);
      let last = -1;
      for (const [n, text] of kept) {
        body.varint(n - last);
        body.varint(strings.number(text, text));
        last = n;
      }
    }
  }
  if (strings.items.length === 0) return undefined;
  const out = new ByteWriter();
  out.raw(section(strings.items, (text, to) => to.text(text)));
  out.raw(body.done());
  return out.done();
}
