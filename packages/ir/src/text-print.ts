import { isFunctionRef, isList } from "./attr-value.ts";
import type { AttrKind, Attrs, AttrValue } from "./attrs.ts";
import { type Dim, DimExpr } from "./dim.ts";
import { type DType, dtypes, isDType } from "./dtype.ts";
import { type FunctionDef, type FunctionName, type Module, namespaceOf, type OpRow, valueTypes } from "./module.ts";
import { decodeElements, encodeElements } from "./number.ts";
import { elementText, numberText } from "./number-text.ts";
import { sameAttr } from "./same-attr.ts";
import { toHex } from "./sha256.ts";
import type { TensorType } from "./shape.ts";
import { defaultOf, writtenAttrs } from "./written.ts";

/** The text of a module: for people, tests and diffs. `parseModule` reads it back, side tables included. */
export function printModule(module: Module): string {
  const { version, opsets, symbols, functions, entries, weights, state } = module;
  const lines = [`ir ${version[0]}.${version[1]}`];
  if (opsets.size > 0) lines.push(`opset ${[...opsets].map(([name, v]) => `${wordOrString(name)}@${v}`).join(", ")}`);
  for (const { name, min, max, multiple } of symbols) {
    lines.push(`sym ${name} in ${min}..${max}${multiple === 1 ? "" : ` mult ${multiple}`}`);
  }
  for (const fn of functions) printFunction(fn, module, lines);
  for (const [name, fn] of entries) lines.push(`entry ${wordOrString(name)} = ${functionText(fn)}`);
  for (const { name, type, entry, input, sha256, blob } of weights) {
    const where = `${wordOrString(entry)} ${input}`;
    lines.push(
      `weight ${JSON.stringify(name)}: ${typeText(type)} = ${where} sha256 ${JSON.stringify(sha256)} blob ${JSON.stringify(blob)}`,
    );
  }
  for (const { name, type, entry, input, output, role, owner } of state) {
    const where = `${wordOrString(entry)} ${input} -> ${output}`;
    lines.push(
      `state ${JSON.stringify(name)}: ${typeText(type)} = ${where} role ${wordOrString(role)} owner ${JSON.stringify(owner)}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

function printFunction(fn: FunctionDef, { tables }: Module, lines: string[]): void {
  const types = valueTypes(fn);
  const names = tables.names.get(fn.name) ?? new Map<number, string>();
  const [scopes, sources] = [tables.scopes.get(fn.name), tables.sources.get(fn.name)];
  const unique = namesUsedOnce(names);
  const use = (value: number): string => (unique.has(names.get(value) ?? "") ? `%${names.get(value)}` : `%${value}`);
  const define = (value: number): string => {
    const name = names.get(value);
    return name === undefined || unique.has(name) ? use(value) : `%${value}${JSON.stringify(name)}`;
  };
  const inputs = fn.inputs.map(
    ({ type, alias }, i) => `${define(i)}: ${typeText(type)}${alias === undefined ? "" : ` alias ${alias}`}`,
  );
  lines.push(
    `fn ${functionText(fn.name)}(${inputs.join(", ")}) -> (${fn.results.map((v) => typeText(types[v]!)).join(", ")}) {`,
  );
  let next = fn.inputs.length;
  fn.ops.forEach((row, i) => {
    const results = row.types.map((_, j) => define(next + j)).join(", ");
    next += row.types.length;
    const args = row.operands.map((v) => types[v] as TensorType);
    const place = `${placeText("in", scopes?.get(i))}${placeText("at", sources?.get(i))}`;
    lines.push(
      `  ${results || "()"} = ${rowText(row, args, use)} : ${row.types.map(typeText).join(", ") || "()"}${place}`,
    );
  });
  lines.push(`  return${fn.results.length > 0 ? " " : ""}${fn.results.map(use).join(", ")}`, "}");
}

/** Names that stand for themselves: they can be read as a name, and no other value has them. */
function namesUsedOnce(names: ReadonlyMap<number, string>): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const name of names.values()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return new Set([...counts].filter(([name, n]) => n === 1 && /^[A-Za-z_][\w.]*$/.test(name)).map(([name]) => name));
}

function rowText(row: OpRow, args: readonly TensorType[], use: (value: number) => string): string {
  const words: string[] = [];
  const op = wordOrString(row.op);
  if (namespaceOf(row.op) !== "core") words.push(`composite ${op}@${row.version}`);
  else words.push(row.version === 1 ? op : `${op}@${row.version}`);
  const settings: string[] = [];
  for (const [name, value, kind] of writtenAttrs(row)) {
    if (kind?.kind === "value") words.push(elementsText(value as number | Uint8Array, row.types[0]!.dtype));
    else if (!isDefault(value, kind, args)) settings.push(`${wordOrString(name)}=${attrText(value, kind)}`);
  }
  if (row.operands.length > 0) words.push(row.operands.map(use).join(", "));
  if (row.decomp !== undefined) settings.push(`decomp=${functionText(row.decomp.name)}`);
  if (row.vjp !== undefined) settings.push(`vjp=${functionText(row.vjp.name)}`);
  if (settings.length > 0) words.push(`{${settings.join(", ")}}`);
  return words.join(" ");
}

const isDefault = (value: AttrValue, kind: AttrKind | undefined, args: readonly TensorType[]): boolean =>
  kind !== undefined && sameAttr(value, defaultOf(kind, args));

/** Dense elements are listed where decimals give the same bytes back, and are hexadecimal where not. */
function elementsText(value: number | Uint8Array, dtype: DType): string {
  if (typeof value === "number") return elementText(dtype, value);
  const exact =
    value.length % dtypes[dtype].byteLength === 0 &&
    sameAttr(encodeElements(dtype, decodeElements(dtype, value)), value);
  if (!exact) return bytesText(value);
  return `[${Array.from(decodeElements(dtype, value), (x) => elementText(dtype, x)).join(", ")}]`;
}

const bytesText = (bytes: Uint8Array): string => `x"${toHex(bytes)}"`;

function attrText(value: AttrValue, kind?: AttrKind): string {
  if (typeof value === "number") return numberText(value);
  if (typeof value === "boolean") return String(value);
  if (typeof value === "string")
    return kind?.kind === "dtype" && isDType(value) ? dtypes[value].short : wordOrString(value);
  if (value instanceof DimExpr) return kind === undefined ? `(${value})` : `"${value}"`;
  if (value instanceof Uint8Array) return bytesText(value);
  if (value === undefined) return "{}";
  if (isList(value)) return `[${value.map((v) => attrText(v, kind)).join(",")}]`;
  if (isFunctionRef(value)) return functionText((value as FunctionName).name);
  const fields = Object.entries(value as Attrs).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, v]) => `${wordOrString(name)}=${attrText(v)}`).join(", ")}}`;
}

const numbers = new Set(["true", "false", "nan", "inf"]);
const wordOrString = (text: string): string =>
  /^[A-Za-z_][\w.-]*$/.test(text) && !numbers.has(text) ? text : JSON.stringify(text);
const functionText = (name: string): string => `@${/^[A-Za-z_][\w.]*$/.test(name) ? name : JSON.stringify(name)}`;
const placeText = (word: string, place: string | undefined): string =>
  place === undefined ? "" : ` ${word} ${JSON.stringify(place)}`;

const dimText = (d: Dim): string => String(d);
const typeText = ({ dtype, shape }: TensorType): string => `${dtypes[dtype].short}[${shape.map(dimText).join(",")}]`;
