import type { AttrKind, AttrValue, Signature } from "./attrs.ts";
import { type Dim, dimSymbol, dimSymbols } from "./dim.ts";
import { parseDim } from "./dim-text.ts";
import { dtypeOfShort } from "./dtype.ts";
import { FormatError, TenonError } from "./errors.ts";
import { parseStrictJson } from "./json-text.ts";
import { checkLimit, defaultLimits, type Limits } from "./limits.ts";
import {
  type FunctionDef,
  type FunctionName,
  functionName,
  type InputDef,
  type Module,
  type OpRow,
  type SideTables,
  type StateRow,
  type WeightRow,
} from "./module.ts";
import { fromHex } from "./sha256.ts";
import { checkShape, type TensorType } from "./shape.ts";
import { registerStandardOps } from "./standard-ops.ts";
import { readAttrs, schemaOf } from "./written.ts";

/** The module of a JSON text; meaning is checked by `verify`. Throws `FormatError` with the path of the value. */
export function moduleFromJson(text: string, options: { readonly limits?: Partial<Limits> } = {}): Module {
  const limits = { ...defaultLimits, ...options.limits };
  checkLimit("json", limits, "fileBytes", text.length);
  registerStandardOps();
  // a row's attributes are the sixth bracket, and a record in a value is two
  return new Reader(limits).module(parseStrictJson(text, 6 + 2 * limits.attrDepth));
}

const moduleKeys = [
  "format",
  "version",
  "opsets",
  "symbols",
  "types",
  "functions",
  "entries",
  "weights",
  "state",
  "names",
  "scopes",
  "sources",
];

const valueKinds = "a value is one of bits, bytes, dim, fn and record";

class Reader {
  private readonly limits: Limits;
  /** Where the value that is being read stands. */
  private readonly path: (string | number)[] = [];
  private readonly symbols = new Map<string, Dim>();
  private types: readonly TensorType[] = [];
  private readonly signatures = new Map<string, Signature>();
  private readonly mentioned = new Map<string, { readonly ref: FunctionName; readonly at: string }>();
  private ops = 0;

  constructor(limits: Limits) {
    this.limits = limits;
  }

  module(value: unknown): Module {
    const root = this.fields(value, moduleKeys);
    if (root.format !== "tenon-ir") throw this.problem('the format is not "tenon-ir"', "format");
    const [major, minor] = this.in("version", () => this.tuple(root.version, 2, 2).map((n) => this.count(n)));
    const opsets = this.in("opsets", () =>
      this.map(
        root.opsets,
        (name) => this.string(name),
        (v) => this.count(v),
      ),
    );
    this.in("symbols", () => this.list(root.symbols, (row) => this.symbol(row)));
    this.types = this.in("types", () => this.list(root.types, (row) => this.type(row)));
    const functions = this.in("functions", () => {
      checkLimit("json", this.limits, "functions", Array.isArray(root.functions) ? root.functions.length : 0);
      return this.list(root.functions, (row) => this.function(row));
    });
    const entries = this.in("entries", () =>
      this.map(
        root.entries,
        (name) => this.string(name),
        (fn) => this.fn(fn).name,
      ),
    );
    for (const [name, { at }] of this.mentioned) {
      if (!this.signatures.has(name)) throw new FormatError("E125", "json", `there is no function @${name}`, { at });
    }
    const tables: SideTables = {
      names: this.table("names", root.names),
      scopes: this.table("scopes", root.scopes),
      sources: this.table("sources", root.sources),
    };
    return {
      version: [major!, minor!],
      opsets,
      symbols: [...this.symbols.values()].flatMap((d) => [...dimSymbols(d).values()]),
      functions,
      entries,
      weights: this.in("weights", () => this.list(root.weights, (row) => this.weight(row))),
      state: this.in("state", () => this.list(root.state, (row) => this.state(row))),
      tables,
    };
  }

  private symbol(row: unknown): void {
    const [name, min, max, multiple] = this.tuple(row, 4, 4);
    const key = this.string(name);
    if (this.symbols.has(key)) throw this.problem(`the size ${key} is declared twice`);
    const range = { min: this.count(min), max: this.count(max), multiple: this.count(multiple) };
    this.symbols.set(
      key,
      this.sized(() => dimSymbol(key, range)),
    );
  }

  private dim(value: unknown): Dim {
    if (typeof value === "number") return this.count(value);
    const text = this.string(value);
    return this.sized(() =>
      parseDim(text, (name) => {
        const found = this.symbols.get(name);
        if (found === undefined) throw this.problem(`there is no size ${name}`);
        return found;
      }),
    );
  }

  private type(row: unknown): TensorType {
    const [short, shape] = this.tuple(row, 2, 2);
    const dtype = dtypeOfShort(this.string(short));
    if (dtype === undefined) throw this.problem(`${String(short).slice(0, 40)} is no dtype`, 0);
    checkLimit("json", this.limits, "rank", Array.isArray(shape) ? shape.length : 0, () => this.place());
    const dims = this.in(1, () => this.list(shape, (d) => this.dim(d)));
    return { dtype, shape: this.sized(() => checkShape("shape", dims)) };
  }

  private typeAt(value: unknown): TensorType {
    const type = this.types[this.count(value)];
    if (type === undefined) throw this.problem(`there is no type ${String(value)}`);
    return type;
  }

  private function(value: unknown): FunctionDef {
    const row = this.fields(value, ["name", "inputs", "results", "ops"]);
    const name = this.in("name", () => this.string(row.name));
    if (this.signatures.has(name)) throw this.problem(`the function @${name} is declared twice`, "name");
    const inputs = this.in("inputs", () => this.list(row.inputs, (input) => this.input(input)));
    const types = inputs.map((i) => i.type);
    const ops = this.in("ops", () =>
      this.list(row.ops, (op) => {
        checkLimit("json", this.limits, "ops", ++this.ops, () => this.place());
        const read = this.row(op, types.length);
        types.push(...read.types);
        return read;
      }),
    );
    const results = this.in("results", () => this.list(row.results, (v) => this.value(v, types.length)));
    checkLimit("json", this.limits, "arguments", Math.max(inputs.length, results.length), () => this.place());
    this.signatures.set(name, { inputs: inputs.map((i) => i.type), results: results.map((v) => types[v]!) });
    return { name, inputs, ops, results };
  }

  private input(row: unknown): InputDef {
    const [type, alias] = this.tuple(row, 1, 2);
    return { type: this.typeAt(type), ...(alias !== undefined && { alias: this.count(alias) }) };
  }

  private row(value: unknown, next: number): OpRow {
    const [name, args, settings, results, decomp, vjp] = this.tuple(value, 4, 6);
    const [, op, version] = /^([^@]+)(?:@([1-9]\d{0,8}))?$/.exec(this.string(name)) ?? [];
    if (op === undefined) throw this.problem(`${JSON.stringify(name).slice(0, 80)} is not an op and its version`, 0);
    const operands = this.in(1, () => this.list(args, (v) => this.value(v, next)));
    const types = this.in(3, () => this.list(results, (t) => this.typeAt(t)));
    checkLimit("json", this.limits, "operands", Math.max(operands.length, types.length), () => this.place());
    const head = {
      op,
      version: Number(version ?? 1),
      types,
      ...(decomp !== undefined && { decomp: this.in(4, () => this.fn(decomp)) }),
      ...(vjp !== undefined && { vjp: this.in(5, () => this.fn(vjp)) }),
    };
    const schema = schemaOf(head) ?? {};
    const given = this.in(2, () =>
      this.attrs(settings, 0, (key) => (Object.hasOwn(schema, key) ? schema[key] : undefined)),
    );
    return { ...head, operands, attrs: readAttrs(head, given) };
  }

  private value(number: unknown, next: number): number {
    const value = this.count(number);
    if (value >= next) throw this.problem(`there is no value ${value} yet, only ${next}`);
    return value;
  }

  private fn(value: unknown): FunctionName {
    const name = this.string(value);
    const before = this.mentioned.get(name);
    if (before !== undefined) return before.ref;
    const ref = functionName(name, this.signatures);
    this.mentioned.set(name, { ref, at: this.place() });
    return ref;
  }

  private attrs(
    value: unknown,
    depth: number,
    kindOf?: (name: string) => AttrKind | undefined,
  ): Map<string, AttrValue> {
    const attrs = new Map<string, AttrValue>();
    for (const [name, v] of Object.entries(this.record(value)))
      attrs.set(
        name,
        this.in(name, () => this.attr(v, depth, kindOf?.(name))),
      );
    return attrs;
  }

  private attr(value: unknown, depth: number, kind?: AttrKind): AttrValue {
    checkLimit("json", this.limits, "attrDepth", depth, () => this.place());
    if (typeof value === "boolean") return value;
    if (typeof value === "string") return kind?.kind === "dtype" ? (dtypeOfShort(value) ?? value) : this.string(value);
    if (typeof value === "number") return this.integer(value);
    if (Array.isArray(value)) {
      checkLimit("json", this.limits, "listLength", value.length, () => this.place());
      return this.list(value, (v) => this.attr(v, depth + 1, kind));
    }
    const [field, ...more] = Object.entries(this.record(value));
    if (field === undefined || more.length > 0) throw this.problem(valueKinds);
    const [key, content] = field;
    return this.in(key, () => this.tagged(key, content, depth));
  }

  private tagged(key: string, content: unknown, depth: number): AttrValue {
    switch (key) {
      case "bits":
        return this.float(this.string(content));
      case "bytes": {
        const bytes = typeof content === "string" ? fromHex(content) : undefined;
        if (bytes === undefined) throw this.problem("the bytes are not pairs of lower-case hexadecimal digits");
        return bytes;
      }
      case "dim":
        return this.dim(content);
      case "fn":
        return this.fn(content);
      case "record": {
        const record: Record<string, AttrValue> = Object.create(null);
        for (const [name, v] of this.attrs(content, depth + 1)) record[name] = v;
        return record;
      }
      default:
        throw this.problem(valueKinds);
    }
  }

  /** A number that is not whole, from its bits. */
  private float(digits: string): number {
    const bytes = digits.length === 16 ? fromHex(digits) : undefined;
    if (bytes === undefined) throw this.problem("the bits are not 16 lower-case hexadecimal digits");
    const value = new DataView(bytes.buffer).getFloat64(0);
    if (Number.isSafeInteger(value) && !Object.is(value, -0))
      throw this.problem(`${value} is whole and is written as a number`);
    return value;
  }

  private manifestRow(
    value: unknown,
    more: readonly string[],
  ): Record<string, unknown> & Pick<WeightRow, "name" | "type" | "entry" | "input"> {
    const row = this.fields(value, ["name", "type", "entry", "input", ...more]);
    return {
      ...row,
      name: this.in("name", () => this.string(row.name)),
      type: this.in("type", () => this.typeAt(row.type)),
      entry: this.in("entry", () => this.string(row.entry)),
      input: this.in("input", () => this.count(row.input)),
    };
  }

  private weight(value: unknown): WeightRow {
    const { name, type, entry, input, sha256, blob } = this.manifestRow(value, ["sha256", "blob"]);
    return {
      name,
      type,
      entry,
      input,
      sha256: this.in("sha256", () => this.string(sha256)),
      blob: this.in("blob", () => this.string(blob)),
    };
  }

  private state(value: unknown): StateRow {
    const { name, type, entry, input, output, role, owner } = this.manifestRow(value, ["output", "role", "owner"]);
    return {
      name,
      type,
      entry,
      input,
      output: this.in("output", () => this.count(output)),
      role: this.in("role", () => this.string(role)),
      owner: this.in("owner", () => this.string(owner)),
    };
  }

  private table(key: string, value: unknown): ReadonlyMap<string, ReadonlyMap<number, string>> {
    const notes = (list: unknown): Map<number, string> =>
      this.map(
        list,
        (n) => this.count(n),
        (text) => this.string(text),
      );
    return this.in(key, () => this.map(value, (name) => this.string(name), notes));
  }

  /** A list of pairs, each key once. */
  private map<K, V>(value: unknown, readKey: (key: unknown) => K, readValue: (value: unknown) => V): Map<K, V> {
    const map = new Map<K, V>();
    this.list(value, (row) => {
      const [k, v] = this.tuple(row, 2, 2);
      const key = this.in(0, () => readKey(k));
      if (map.has(key)) throw this.problem(`${JSON.stringify(key)} stands twice in one list`, 0);
      map.set(
        key,
        this.in(1, () => readValue(v)),
      );
    });
    return map;
  }

  private in<T>(step: string | number, body: () => T): T {
    this.path.push(step);
    const result = body();
    this.path.pop(); // after an error the path stays, for its message
    return result;
  }

  private list<T>(value: unknown, each: (item: unknown) => T): T[] {
    if (!Array.isArray(value)) throw this.problem("a list is wanted");
    return value.map((item, i) => this.in(i, () => each(item)));
  }

  private tuple(value: unknown, least: number, most: number): readonly unknown[] {
    if (Array.isArray(value) && value.length >= least && value.length <= most) return value;
    throw this.problem(`a list of ${least === most ? least : `${least} to ${most}`} entries is wanted`);
  }

  private record(value: unknown): Readonly<Record<string, unknown>> {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    throw this.problem("an object is wanted");
  }

  /** An object with exactly these keys. */
  private fields(value: unknown, keys: readonly string[]): Readonly<Record<string, unknown>> {
    const record = this.record(value);
    for (const key of keys) if (!Object.hasOwn(record, key)) throw this.problem(`${key} is missing`);
    for (const key of Object.keys(record))
      if (!keys.includes(key)) throw this.problem(`unknown key ${JSON.stringify(key.slice(0, 80))}`);
    return record;
  }

  private string(value: unknown): string {
    if (typeof value !== "string") throw this.problem("a string is wanted");
    checkLimit("json", this.limits, "stringBytes", value.length, () => this.place());
    return value;
  }

  private integer(value: number): number {
    if (!Number.isSafeInteger(value) || Object.is(value, -0))
      throw this.problem(`${value} is not whole and is written by its bits`);
    return value;
  }

  private count(value: unknown): number {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0)) return value;
    throw this.problem("a whole number from 0 is wanted");
  }

  /** The rules of sizes, with their errors as errors of this form. */
  private sized<T>(body: () => T): T {
    try {
      return body();
    } catch (error) {
      if (!(error instanceof TenonError) || error.op === "json") throw error;
      throw new FormatError("E124", "json", error.problem, { at: this.place(), fix: error.details.fix });
    }
  }

  private problem(what: string, ...more: (string | number)[]): FormatError {
    return new FormatError("E124", "json", what, { at: this.place(...more) });
  }

  private place(...more: (string | number)[]): string {
    return ["$", ...this.path, ...more]
      .map((step, i) => (i === 0 ? "$" : typeof step === "number" ? `[${step}]` : `.${step}`))
      .join("");
  }
}
