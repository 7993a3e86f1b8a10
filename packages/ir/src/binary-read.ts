import type { AttrSchema, Attrs, AttrValue, Signature } from "./attrs.ts";
import { AttrReader } from "./binary-attrs.ts";
import { magic, OPTIONAL, requiredSections, sections } from "./binary-layout.ts";
import { readTables } from "./binary-notes.ts";
import { distinct, readTable, readText, repeat, type Table } from "./binary-table.ts";
import { TypeReader } from "./binary-types.ts";
import { ByteReader } from "./bytes.ts";
import type { DimExpr } from "./dim.ts";
import { checkLimit, defaultLimits, type Limits } from "./limits.ts";
import {
  type FunctionDef,
  type FunctionName,
  functionName,
  type InputDef,
  IR_VERSION,
  type Module,
  noTables,
  type OpRow,
  type StateRow,
  type WeightRow,
} from "./module.ts";
import type { TensorType } from "./shape.ts";
import { registerStandardOps } from "./standard-ops.ts";
import { isDerived, readAttrs, schemaOf } from "./written.ts";

/**
 * The module of a binary form; meaning is checked by `verify`. Strict: whatever it accepts, `moduleToBinary` writes
 * back byte for byte, but for optional sections that it does not know. Throws `FormatError` with the byte offset.
 */
export function moduleFromBinary(bytes: Uint8Array, options: { readonly limits?: Partial<Limits> } = {}): Module {
  const limits = { ...defaultLimits, ...options.limits };
  checkLimit("binary", limits, "fileBytes", bytes.length);
  registerStandardOps();
  return new Reader(bytes, limits).module();
}

type Part = { readonly at: number; readonly end: number };

/** Where each section lies, by id. */
function findSections(from: ByteReader, version: readonly number[]): ReadonlyMap<number, Part> {
  const found = new Map<number, Part>();
  const known: readonly number[] = Object.values(sections);
  let last = 0;
  while (from.left > 0) {
    const start = from.at;
    const id = from.varint();
    if (id <= last) throw from.problem("E136", `section ${id} follows section ${last}`, start);
    last = id;
    const flags = from.varint();
    if (!known.includes(id) && flags !== OPTIONAL) {
      throw from.problem("E131", `section ${id} is unknown; ${versions(version)}`, start, upgrade);
    }
    if (known.includes(id) && flags !== (id === sections.tables ? OPTIONAL : 0)) {
      throw from.problem("E136", `section ${id} has the flags ${flags}`, start);
    }
    const length = from.varint();
    found.set(id, { at: from.at, end: from.at + length });
    from.raw(length);
  }
  for (const [name, id] of requiredSections) {
    if (!found.has(id)) throw from.problem("E132", `the section ${name} is missing`);
  }
  return found;
}

const versions = (version: readonly number[]): string =>
  `the file is ir ${version.join(".")}, this reader has ir ${IR_VERSION.join(".")}`;
const upgrade = "upgrade the package, or export again for its version";

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
  private strings!: Table<string>;
  private sizes!: Table<DimExpr>;
  private types!: Table<TensorType>;
  private sets!: Table<ReadonlyMap<string, AttrValue>>;
  private kinds!: Table<Kind>;
  private references: readonly FunctionName[] = [];
  private readonly signatures = new Map<string, Signature>();
  private ops = 0;

  constructor(bytes: Uint8Array, limits: Limits) {
    this.from = new ByteReader("binary", bytes);
    this.limits = limits;
  }

  module(): Module {
    const { from, limits } = this;
    if (from.raw(magic.length).some((byte, i) => byte !== magic[i]))
      throw from.problem("E130", "the bytes do not begin with TNIR", 0);
    const version = [from.varint(), from.varint()] as const;
    if (version[0] !== IR_VERSION[0]) throw from.problem("E131", versions(version), magic.length, upgrade);
    const parts = findSections(from, version);
    const read = <T>(name: keyof typeof sections, body: () => T): T => {
      const part = parts.get(sections[name])!;
      [from.at, from.end] = [part.at, part.end];
      const result = body();
      from.finish(`the section ${name}`);
      return result;
    };
    const typed = new TypeReader(from, limits);
    this.strings = read("strings", () => readTable(from, "string", () => readText(from, limits)));
    const string = (): string => this.strings.get(from);
    const opsets = read("opsets", () => pairs(from, string, () => from.varint()));
    const symbols = read("symbols", () =>
      distinct(
        from,
        () => typed.symbol(this.strings),
        (s) => s.name,
      ),
    );
    this.sizes = read("sizes", () => readTable(from, "size", () => typed.size(this.strings)));
    this.types = read("types", () => readTable(from, "type", () => typed.type(this.sizes)));
    const names = read("names", () => this.names());
    const attrs = new AttrReader(from, limits, {
      strings: this.strings,
      sizes: this.sizes,
      fn: () => this.fn(from.varint()),
    });
    this.sets = read("attrs", () => readTable(from, "attribute set", () => attrs.fields()));
    this.kinds = read("kinds", () => readTable(from, "kind", () => this.kind()));
    const functions = read("functions", () => names.map((name) => this.function(name)));
    const entries = read("entries", () => pairs(from, string, () => this.fn(from.varint()).name));
    const weights = read("weights", () => repeat(from, () => this.weight()));
    const state = read("state", () => repeat(from, () => this.stateRow()));
    for (const table of [this.sizes, this.types, this.sets, this.kinds, this.strings]) table.finish(from);
    const tables = parts.has(sections.tables) ? read("tables", () => readTables(from, limits, functions)) : noTables;
    return { version, opsets, symbols, functions, entries, weights, state, tables };
  }

  private names(): readonly string[] {
    const start = this.from.at;
    const names = distinct(this.from, () => this.strings.get(this.from));
    checkLimit("binary", this.limits, "functions", names.length, () => `byte ${start}`);
    this.references = names.map((name) => functionName(name, this.signatures));
    return names;
  }

  private fn(number: number): FunctionName {
    const found = this.references[number];
    if (found !== undefined) return found;
    throw this.from.problem("E135", `there is no function ${number}, only ${this.references.length}`);
  }

  private optionalFn(): FunctionName | undefined {
    const number = this.from.varint();
    return number === 0 ? undefined : this.fn(number - 1);
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
    const inputs = repeat(from, (): InputDef => {
      const type = this.types.get(from);
      types.push(type);
      const alias = from.varint();
      return alias === 0 ? { type } : { type, alias: alias - 1 };
    });
    const ops: OpRow[] = [];
    const count = from.count();
    checkLimit("binary", limits, "ops", (this.ops += count), at);
    while (ops.length < count) ops.push(this.row(types));
    const results = repeat(from, () => this.operand(types.length));
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
}

/** What a schema derives is not written. */
function checkWritten(from: ByteReader, at: number, given: ReadonlyMap<string, AttrValue>, schema: AttrSchema): void {
  for (const name of given.keys()) {
    if (!Object.hasOwn(schema, name) || !isDerived(schema[name]!)) continue;
    throw from.problem("E136", `${name} stands in the result's type and is not written`, at);
  }
}

/** Names with what belongs to them, each name once. */
function pairs<V>(from: ByteReader, readName: () => string, readValue: () => V): Map<string, V> {
  const list = distinct(
    from,
    () => [readName(), readValue()] as const,
    ([name]) => name,
  );
  return new Map(list);
}
