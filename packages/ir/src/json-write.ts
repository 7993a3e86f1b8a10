import { isFunctionRef, isList } from "./attr-value.ts";
import type { AttrKind, Attrs, AttrValue } from "./attrs.ts";
import { DimExpr } from "./dim.ts";
import { dtypes, isDType } from "./dtype.ts";
import { type FunctionDef, type FunctionName, type Module, namespaceOf, type OpRow } from "./module.ts";
import { toHex } from "./sha256.ts";
import type { TensorType } from "./shape.ts";
import { writtenAttrs } from "./written.ts";

/** What JSON can say. */
export type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

/** The JSON form of a module, one op on a line. Numbers that are not whole are written as the bits of their float64. */
export function moduleToJson(module: Module): string {
  const types = new TypeTable();
  const functions = module.functions.map((fn) => functionText(fn, types));
  const weights = module.weights.map((row) => ({ ...row, type: types.number(row.type) }));
  const state = module.state.map((row) => ({ ...row, type: types.number(row.type) }));
  const { names, scopes, sources } = module.tables;
  const parts: [string, string][] = [
    ["format", JSON.stringify("tenon-ir")],
    ["version", JSON.stringify(module.version)],
    ["opsets", JSON.stringify([...module.opsets])],
    ["symbols", JSON.stringify(module.symbols.map(({ name, min, max, multiple }) => [name, min, max, multiple]))],
    ["types", JSON.stringify(types.rows)],
    ["functions", `[\n${functions.join(",\n")}\n]`],
    ["entries", JSON.stringify([...module.entries])],
    ["weights", JSON.stringify(weights)],
    ["state", JSON.stringify(state)],
    ["names", JSON.stringify(tableRows(names))],
    ["scopes", JSON.stringify(tableRows(scopes))],
    ["sources", JSON.stringify(tableRows(sources))],
  ];
  return `{\n${parts.map(([key, text]) => `"${key}": ${text}`).join(",\n")}\n}\n`;
}

const tableRows = (table: ReadonlyMap<string, ReadonlyMap<number, string>>): Json =>
  [...table].filter(([, notes]) => notes.size > 0).map(([name, notes]) => [name, [...notes]]);

/** Types in the order of their first use. */
class TypeTable {
  readonly rows: Json[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly byObject = new Map<TensorType, number>();

  number(type: TensorType): number {
    const seen = this.byObject.get(type);
    if (seen !== undefined) return seen;
    const row = [dtypes[type.dtype].short, type.shape.map((d) => (typeof d === "number" ? d : d.key))];
    const key = JSON.stringify(row);
    let number = this.numbers.get(key);
    if (number === undefined) {
      number = this.rows.push(row) - 1;
      this.numbers.set(key, number);
    }
    this.byObject.set(type, number);
    return number;
  }
}

function functionText(fn: FunctionDef, types: TypeTable): string {
  const inputs = fn.inputs.map(({ type, alias }) =>
    alias === undefined ? [types.number(type)] : [types.number(type), alias],
  );
  const rows = fn.ops.map((row) => `  ${JSON.stringify(rowJson(row, types))}`);
  const head = `{"name": ${JSON.stringify(fn.name)}, "inputs": ${JSON.stringify(inputs)}`;
  return `${head}, "results": ${JSON.stringify(fn.results)}, "ops": [\n${rows.join(",\n")}\n]}`;
}

/** `["dot", [29, 2], {"acc": "f32"}, [6]]`, and the names of decomposition and derivative where the op has them. */
function rowJson(row: OpRow, types: TypeTable): Json {
  const attrs: Record<string, Json> = {};
  for (const [name, value, kind] of [...writtenAttrs(row)].sort(([a], [b]) => (a < b ? -1 : 1)))
    attrs[name] = valueJson(value, kind);
  const plain = namespaceOf(row.op) === "core" && row.version === 1;
  const json = [
    plain ? row.op : `${row.op}@${row.version}`,
    row.operands,
    attrs,
    row.types.map((t) => types.number(t)),
  ];
  if (row.decomp === undefined) return json;
  return row.vjp === undefined ? [...json, row.decomp.name] : [...json, row.decomp.name, row.vjp.name];
}

/** A value that describes itself; dtypes by their short names where the kind says that it is one. */
export function valueJson(value: AttrValue, kind?: AttrKind): Json {
  if (typeof value === "number")
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? value : { bits: floatBits(value) };
  if (typeof value === "boolean") return value;
  if (typeof value === "string") return kind?.kind === "dtype" && isDType(value) ? dtypes[value].short : value;
  if (value === undefined) return { record: {} };
  if (value instanceof DimExpr) return { dim: value.key };
  if (value instanceof Uint8Array) return { bytes: toHex(value) };
  if (isList(value)) return value.map((v) => valueJson(v, kind));
  if (isFunctionRef(value)) return { fn: (value as FunctionName).name };
  const fields = Object.entries(value as Attrs).sort(([a], [b]) => (a < b ? -1 : 1));
  return { record: Object.fromEntries(fields.map(([name, v]) => [name, valueJson(v)])) };
}

/** Sixteen hexadecimal digits, sign first; one NaN. */
function floatBits(value: number): string {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, Number.isNaN(value) ? NaN : value);
  return toHex(bytes);
}
