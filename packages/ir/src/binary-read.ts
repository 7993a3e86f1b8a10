import type { AttrSchema, Attrs, AttrValue, Signature } from "./attrs.ts";
import { isShortInteger, magic, OPTIONAL, requiredSections, sections, tags } from "./binary-layout.ts";
import { ByteReader } from "./bytes.ts";
import { type Dim, DimExpr, type DimSymbol, dimSymbol, dimSymbols } from "./dim.ts";
import { parseDim } from "./dim-text.ts";
import { dtypeOfCode } from "./dtype.ts";
import { TenonError } from "./errors.ts";
import { checkLimit, defaultLimits, type Limits } from "./limits.ts";
import {
  type FunctionDef,
  type FunctionName,
  functionName,
  type InputDef,
  IR_VERSION,
  type Module,
  type OpRow,
  type SideTables,
  type StateRow,
  type WeightRow,
} from "./module.ts";
import { checkShape, type TensorType } from "./shape.ts";
import { forbiddenNames, isDerived, readAttrs, schemaOf } from "./written.ts";

/**
 * The module of a binary form; meaning is checked by `verify`. Strict: whatever it accepts, `moduleToBinary` writes
 * back byte for byte, but for optional sections that it does not know. Throws `FormatError` with the byte offset.
 */
export function moduleFromBinary(bytes: Uint8Array, options: { readonly limits?: Partial<Limits> } = {}): Module {
  const limits = { ...defaultLimits, ...options.limits };
  checkLimit("binary", limits, "fileBytes", bytes.length);
  return new Reader(bytes, limits).module();
}

/** Entries that must be mentioned in the order in which they are listed, all of them: a module has one binary form. */
class Table<T> {
  private readonly items: readonly T[];
  private readonly what: string;
  private used = 0;

  constructor(what: string, items: readonly T[]) {
    this.what = what;
    this.items = items;
  }

  get(from: ByteReader): T {
    const start = from.at;
    const number = from.varint();
    if (number >= this.items.length)
      throw from.problem("E135", `there is no ${this.what} ${number}, only ${this.items.length}`, start);
    if (number > this.used)
      throw from.problem("E136", `${this.what} ${number} is used before ${this.what} ${this.used}`, start);
    if (number === this.used) this.used++;
    return this.items[number]!;
  }

  finish(from: ByteReader): void {
    if (this.used < this.items.length) throw from.problem("E136", `${this.what} ${this.used} is never used`);
  }
}

/** Maps each byte to a character of its own. */
const latin1 = new TextDecoder("latin1");

interface Kind {
  readonly head: Pick<OpRow, "op" | "version" | "decomp" | "vjp">;
  readonly operands: number;
  readonly results: number;
  readonly given: ReadonlyMap<string, AttrValue>;
  /** The attributes of every such row, unless result types take part in them. */
  readonly shared: Attrs | undefined;
}

class Reader {
  private readonly from: ByteReader;
  private readonly limits: Limits;
  private strings = new Table<string>("string", []);
  private sizes = new Table<DimExpr>("size", []);
  private types = new Table<TensorType>("type", []);
  private sets = new Table<ReadonlyMap<string, AttrValue>>("attribute set", []);
  private kinds = new Table<Kind>("kind", []);
  private names: readonly string[] = [];
  private references: readonly FunctionName[] = [];
  private readonly symbols = new Map<string, Dim>();
  private readonly signatures = new Map<string, Signature>();
  private constantBytes = 0;
  private ops = 0;

  constructor(bytes: Uint8Array, limits: Limits) {
    this.from = new ByteReader("binary", bytes);
    this.limits = limits;
  }

  module(): Module {
    const { from } = this;
    if (from.raw(magic.length).some((byte, i) => byte !== magic[i]))
      throw from.problem("E130", "the bytes do not begin with TNIR", 0);
    const version = [from.varint(), from.varint()] as const;
    if (version[0] !== IR_VERSION[0]) {
      throw from.problem(
        "E131",
        `the file is ir ${version.join(".")}, this reader has ir ${IR_VERSION.join(".")}`,
        magic.length,
        "upgrade the package, or export again for its version",
      );
    }
    const parts = this.sectionEnds(version);
    const read = <T>(name: keyof typeof sections, body: () => T): T => {
      const part = parts.get(sections[name])!;
      [from.at, from.end] = [part.at, part.end];
      const result = body();
      from.finish(`the section ${name}`);
      return result;
    };
    this.strings = read(
      "strings",
      () =>
        new Table(
          "string",
          this.distinct(() => this.text()),
        ),
    );
    const opsets = read("opsets", () =>
      this.map(
        () => this.strings.get(from),
        () => from.varint(),
      ),
    );
    const symbols = read("symbols", () =>
      this.distinct(
        () => this.symbol(),
        (s) => s.name,
      ),
    );
    this.sizes = read(
      "sizes",
      () =>
        new Table(
          "size",
          this.distinct(
            () => this.sizeEntry(),
            (d) => d.key,
          ),
        ),
    );
    this.types = read(
      "types",
      () =>
        new Table(
          "type",
          this.distinct(
            () => this.type(),
            (t) => `${t.dtype} ${t.shape.join(",")}`,
          ),
        ),
    );
    read("names", () => {
      const start = from.at;
      this.names = this.distinct(() => this.strings.get(from));
      checkLimit("binary", this.limits, "functions", this.names.length, () => `byte ${start}`);
      this.references = this.names.map((name) => functionName(name, this.signatures));
    });
    this.sets = read(
      "attrs",
      () =>
        new Table(
          "attribute set",
          this.distinctBytes(() => this.fields(0)),
        ),
    );
    this.kinds = read(
      "kinds",
      () =>
        new Table(
          "kind",
          this.distinctBytes(() => this.kind()),
        ),
    );
    const functions = read("functions", () => this.names.map((name) => this.function(name)));
    const entries = read("entries", () =>
      this.map(
        () => this.strings.get(from),
        () => this.fn().name,
      ),
    );
    const weights = read("weights", () => this.repeat(() => this.weight()));
    const state = read("state", () => this.repeat(() => this.stateRow()));
    for (const table of [this.sizes, this.types, this.sets, this.kinds, this.strings]) table.finish(from);
    const tables = parts.has(sections.tables)
      ? read("tables", () => this.tables(functions))
      : { names: new Map(), scopes: new Map(), sources: new Map() };
    return { version, opsets, symbols, functions, entries, weights, state, tables };
  }

  private sectionEnds(version: readonly number[]): Map<number, { readonly at: number; readonly end: number }> {
    const { from } = this;
    const found = new Map<number, { at: number; end: number }>();
    const known: readonly number[] = Object.values(sections);
    let last = 0;
    while (from.left > 0) {
      const start = from.at;
      const id = from.varint();
      if (id <= last) throw from.problem("E136", `section ${id} follows section ${last}`, start);
      last = id;
      const flags = from.varint();
      if (flags > OPTIONAL || (known.includes(id) && flags !== (id === sections.tables ? OPTIONAL : 0))) {
        throw from.problem("E136", `section ${id} has the flags ${flags}`, start);
      }
      if (!known.includes(id) && flags !== OPTIONAL) {
        throw from.problem(
          "E131",
          `section ${id} is unknown; the file is ir ${version.join(".")}, this reader has ir ${IR_VERSION.join(".")}`,
          start,
          "upgrade the package, or export again for its version",
        );
      }
      const length = from.varint();
      found.set(id, { at: from.at, end: from.at + length });
      from.raw(length);
    }
    for (const [name, id] of requiredSections)
      if (!found.has(id)) throw from.problem("E132", `the section ${name} is missing`);
    return found;
  }

  private repeat<T>(each: () => T): T[] {
    const items: T[] = [];
    for (let n = this.from.count(); n > 0; n--) items.push(each());
    return items;
  }

  private distinct<T>(each: () => T, keyOf: (item: T) => string = String): T[] {
    const seen = new Set<string>();
    return this.repeat(() => {
      const start = this.from.at;
      const item = each();
      const key = keyOf(item);
      if (seen.has(key)) throw this.from.problem("E136", `${JSON.stringify(key.slice(0, 80))} is listed twice`, start);
      seen.add(key);
      return item;
    });
  }

  /** Entries of which no two have the same bytes. */
  private distinctBytes<T>(each: () => T): T[] {
    const seen = new Set<string>();
    return this.repeat(() => {
      const start = this.from.at;
      const item = each();
      const key = latin1.decode(this.from.bytes.subarray(start, this.from.at));
      if (seen.has(key)) throw this.from.problem("E136", "the entry is listed twice", start);
      seen.add(key);
      return item;
    });
  }

  private map<V>(readKey: () => string, readValue: () => V): Map<string, V> {
    const map = new Map<string, V>();
    for (const [key, value] of this.distinct(
      () => [readKey(), readValue()] as const,
      ([key]) => key,
    ))
      map.set(key, value);
    return map;
  }

  private text(): string {
    const start = this.from.at;
    const text = this.from.text();
    checkLimit("binary", this.limits, "stringBytes", this.from.at - start, () => `byte ${start}`);
    return text;
  }

  private symbol(): DimSymbol {
    const { from } = this;
    const start = from.at;
    const name = this.strings.get(from);
    const [min, max, multiple] = [from.varint(), from.varint(), from.varint()];
    const size = this.sized(start, () => dimSymbol(name, { min, max, multiple }));
    this.symbols.set(name, size);
    return dimSymbols(size).get(name)!;
  }

  private sizeEntry(): DimExpr {
    const start = this.from.at;
    const text = this.strings.get(this.from);
    const size = this.sized(start, () =>
      parseDim(text, (name) => {
        const found = this.symbols.get(name);
        if (found === undefined) throw this.from.problem("E135", `there is no size ${name}`, start);
        return found;
      }),
    );
    if (size instanceof DimExpr && size.key === text) return size;
    throw this.from.problem("E136", `the size ${JSON.stringify(text.slice(0, 80))} is not in normal form`, start);
  }

  private type(): TensorType {
    const { from } = this;
    const start = from.at;
    const code = from.varint();
    const dtype = dtypeOfCode(code);
    if (dtype === undefined) throw from.problem("E135", `there is no dtype ${code}`, start);
    const rank = from.count();
    checkLimit("binary", this.limits, "rank", rank, () => `byte ${start}`);
    const shape: Dim[] = [];
    while (shape.length < rank) {
      const size = from.varint();
      shape.push(size === 0 ? this.sizes.get(from) : size - 1);
    }
    return { dtype, shape: this.sized(start, () => checkShape("shape", shape)) };
  }

  private fn(): FunctionName {
    const start = this.from.at;
    const number = this.from.varint();
    const found = this.references[number];
    if (found === undefined)
      throw this.from.problem("E135", `there is no function ${number}, only ${this.references.length}`, start);
    return found;
  }

  private optionalFn(): FunctionName | undefined {
    const start = this.from.at;
    const number = this.from.varint();
    if (number === 0) return undefined;
    const found = this.references[number - 1];
    if (found === undefined)
      throw this.from.problem("E135", `there is no function ${number - 1}, only ${this.references.length}`, start);
    return found;
  }

  /** Names and values, sorted by name. */
  private fields(depth: number): ReadonlyMap<string, AttrValue> {
    const { from } = this;
    const fields = new Map<string, AttrValue>();
    let last: string | undefined;
    for (let n = from.count(2); n > 0; n--) {
      const start = from.at;
      const name = this.strings.get(from);
      if (forbiddenNames.has(name)) throw from.problem("E116", `no attribute may be named ${name}`, start);
      if (last !== undefined && name <= last)
        throw from.problem("E136", `the attribute ${name} follows ${last}`, start);
      last = name;
      fields.set(name, this.value(depth));
    }
    return fields;
  }

  private value(depth: number): AttrValue {
    const { from } = this;
    const start = from.at;
    checkLimit("binary", this.limits, "attrDepth", depth, () => `byte ${start}`);
    const tag = from.byte();
    switch (tag) {
      case tags.false:
      case tags.true:
        return tag === tags.true;
      case tags.integer:
        return this.integer();
      case tags.float:
        return this.float();
      case tags.string:
        return this.strings.get(from);
      case tags.bytes: {
        const bytes = from.raw(from.varint());
        this.constantBytes += bytes.length;
        checkLimit("binary", this.limits, "constantBytes", this.constantBytes, () => `byte ${start}`);
        return bytes.slice();
      }
      case tags.size:
        return this.sizes.get(from);
      case tags.list: {
        const count = from.count();
        checkLimit("binary", this.limits, "listLength", count, () => `byte ${start}`);
        const list: AttrValue[] = [];
        while (list.length < count) list.push(this.value(depth + 1));
        return list;
      }
      case tags.record: {
        const record: Record<string, AttrValue> = Object.create(null);
        for (const [name, value] of this.fields(depth + 1)) record[name] = value;
        return record;
      }
      case tags.function:
        return this.fn();
      default:
        throw from.problem("E135", `there is no value of tag ${tag}`, start);
    }
  }

  private integer(): number {
    const start = this.from.at;
    const zigzag = this.from.varint();
    const value = zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    if (!isShortInteger(value)) throw this.from.problem("E136", `${value} is too large for an integer`, start);
    return value;
  }

  private float(): number {
    const { from } = this;
    const start = from.at;
    const value = from.float64();
    const canonicalNaN =
      from.bytes[start + 7] === 0x7f &&
      from.bytes[start + 6] === 0xf8 &&
      from.bytes.subarray(start, start + 6).every((b) => b === 0);
    if (Number.isNaN(value) ? canonicalNaN : !isShortInteger(value)) return value;
    throw from.problem(
      "E136",
      Number.isNaN(value) ? "the NaN is not the canonical one" : `${value} is written as an integer`,
      start,
    );
  }

  private kind(): Kind {
    const { from } = this;
    const start = from.at;
    const op = this.strings.get(from);
    const version = from.varint();
    const given = this.sets.get(from);
    const decomp = this.optionalFn();
    const vjp = decomp && this.optionalFn();
    const [operands, results] = [from.varint(), from.varint()];
    checkLimit("binary", this.limits, "operands", Math.max(operands, results), () => `byte ${start}`);
    const head = { op, version, ...(decomp && { decomp }), ...(vjp && { vjp }) };
    const schema = schemaOf(head) ?? {};
    checkWritten(from, start, given, schema);
    const shared = Object.values(schema).some(isDerived) ? undefined : readAttrs({ ...head, types: [] }, given);
    return { head, operands, results, given, shared };
  }

  private function(name: string): FunctionDef {
    const { from, limits } = this;
    const start = from.at;
    const at = (): string => `byte ${start}`;
    const types: TensorType[] = [];
    const inputs = this.repeat((): InputDef => {
      const type = this.types.get(from);
      types.push(type);
      const alias = from.varint();
      return alias === 0 ? { type } : { type, alias: alias - 1 };
    });
    const ops: OpRow[] = [];
    const count = from.count();
    checkLimit("binary", limits, "ops", (this.ops += count), at);
    while (ops.length < count) ops.push(this.row(types));
    const results = this.repeat(() => this.operand(types.length));
    checkLimit("binary", limits, "arguments", Math.max(inputs.length, results.length), at);
    this.signatures.set(name, { inputs: inputs.map((i) => i.type), results: results.map((v) => types[v]!) });
    return { name, inputs, ops, results };
  }

  private row(values: TensorType[]): OpRow {
    const { from } = this;
    const { head, operands: count, results, given, shared } = this.kinds.get(from);
    const operands: number[] = [];
    while (operands.length < count) operands.push(this.operand(values.length));
    const types: TensorType[] = [];
    while (types.length < results) types.push(this.types.get(from));
    for (const type of types) values.push(type);
    const row = { ...head, operands, types };
    return { ...row, attrs: shared ?? readAttrs(row, given) };
  }

  private operand(next: number): number {
    const start = this.from.at;
    const back = this.from.varint();
    if (back === 0 || back > next)
      throw this.from.problem("E135", `there is no value ${back} back, only ${next}`, start);
    return next - back;
  }

  private weight(): WeightRow {
    const { from, strings } = this;
    const name = strings.get(from);
    const type = this.types.get(from);
    return {
      name,
      type,
      entry: strings.get(from),
      input: from.varint(),
      sha256: strings.get(from),
      blob: strings.get(from),
    };
  }

  private stateRow(): StateRow {
    const { from, strings } = this;
    const name = strings.get(from);
    const type = this.types.get(from);
    const [entry, input, output] = [strings.get(from), from.varint(), from.varint()];
    return { name, type, entry, input, output, role: strings.get(from), owner: strings.get(from) };
  }

  private tables(functions: readonly FunctionDef[]): SideTables {
    const { from } = this;
    const strings = new Table(
      "string",
      this.distinct(() => this.text()),
    );
    const table = (countOf: (fn: FunctionDef) => number): Map<string, Map<number, string>> => {
      const rows = new Map<string, Map<number, string>>();
      let last = -1;
      for (let n = from.count(); n > 0; n--) {
        const start = from.at;
        const number = from.varint();
        const fn = functions[number];
        if (fn === undefined || number <= last)
          throw from.problem(
            fn === undefined ? "E135" : "E136",
            `notes on function ${number} follow those on ${last}`,
            start,
          );
        last = number;
        rows.set(fn.name, this.notes(strings, countOf(fn)));
      }
      return rows;
    };
    const values = (fn: FunctionDef): number => fn.ops.reduce((n, row) => n + row.types.length, fn.inputs.length);
    const tables = {
      names: table(values),
      scopes: table((fn) => fn.ops.length),
      sources: table((fn) => fn.ops.length),
    };
    strings.finish(from);
    if (Object.values(tables).every((t) => t.size === 0))
      throw from.problem("E136", "empty side tables are not written");
    return tables;
  }

  private notes(strings: Table<string>, count: number): Map<number, string> {
    const { from } = this;
    const notes = new Map<number, string>();
    let last = -1;
    const size = from.count(2);
    if (size === 0) throw from.problem("E136", "a function without notes is listed");
    while (notes.size < size) {
      const start = from.at;
      const number = from.varint();
      if (number >= count) throw from.problem("E135", `a note is on ${number} of ${count}`, start);
      if (number <= last) throw from.problem("E136", `a note on ${number} follows one on ${last}`, start);
      last = number;
      notes.set(number, strings.get(from));
    }
    return notes;
  }

  /** The rules of sizes, with their errors as errors of this form. */
  private sized<T>(at: number, body: () => T): T {
    try {
      return body();
    } catch (error) {
      if (!(error instanceof TenonError) || error.op === "binary") throw error;
      throw this.from.problem("E134", error.problem, at, error.details.fix);
    }
  }
}

/** What a schema derives is not written. */
function checkWritten(from: ByteReader, at: number, given: ReadonlyMap<string, AttrValue>, schema: AttrSchema): void {
  for (const name of given.keys()) {
    if (!Object.hasOwn(schema, name) || !isDerived(schema[name]!)) continue;
    throw from.problem("E136", `${name} stands in the result's type and is not written`, at);
  }
}
