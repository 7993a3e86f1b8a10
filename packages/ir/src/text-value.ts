import type { AttrKind, Attrs, AttrValue, FunctionRef } from "./attrs.ts";
import type { Dim } from "./dim.ts";
import { parseDim } from "./dim-text.ts";
import { type DType, dtypeNames, dtypeOfShort, dtypes } from "./dtype.ts";
import { checkLimit, type Limits } from "./limits.ts";
import { encodeElements } from "./number.ts";
import { elementOf } from "./number-text.ts";
import { didYouMean } from "./prose.ts";
import { fromHex } from "./sha256.ts";
import { checkShape, type TensorType } from "./shape.ts";
import type { Scanner } from "./text-scanner.ts";
import { forbiddenNames } from "./written.ts";

/** Where the names in a value are looked up. */
export interface Names {
  readonly limits: Limits;
  /** Types read before, by their text. */
  readonly knownTypes: Map<string, TensorType>;
  symbol(name: string): Dim;
  fn(name: string, at: number): FunctionRef;
}

/** `f32[B,784]` */
export function readType(scan: Scanner, names: Names): TensorType {
  const start = scan.at;
  const short = scan.word("a type");
  const dtype = dtypeOfShort(short);
  if (dtype === undefined) {
    const guess = didYouMean(
      short,
      dtypeNames.map((name) => dtypes[name].short),
    );
    throw scan.problem("E113", `${short} is no dtype`, start, guess === "" ? undefined : guess);
  }
  const { text, at } = scan.between("[", "]");
  const known = names.knownTypes.get(`${short}${text}`);
  if (known !== undefined) return known;
  const parts = splitTop(text);
  checkLimit("text", names.limits, "rank", parts.length, () => scan.place(at));
  const shape = scan.located("E113", at, () =>
    checkShape(
      "shape",
      parts.map((part) => parseDim(part, names.symbol)),
    ),
  );
  const type: TensorType = { dtype, shape };
  names.knownTypes.set(`${short}${text}`, type);
  return type;
}

/** The parts between the commas that stand in no brackets. */
function splitTop(text: string): string[] {
  if (text.trim() === "") return [];
  const parts = [""];
  let depth = 0;
  for (const c of text) {
    if (c === "(") depth++;
    else if (c === ")") depth--;
    if (c === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += c;
  }
  return parts;
}

/** `f32[2], i32[]`, or `()` for none. */
export function readTypes(scan: Scanner, names: Names): TensorType[] {
  if (scan.eat("(")) {
    scan.expect(")");
    return [];
  }
  const types = [readType(scan, names)];
  while (scan.eat(",")) types.push(readType(scan, names));
  return types;
}

/** `{axes=[0], op=sum}` */
export function readRecord(
  scan: Scanner,
  names: Names,
  depth: number,
  kindOf?: (name: string, at: number) => AttrKind | undefined,
): Map<string, AttrValue> {
  const record = new Map<string, AttrValue>();
  scan.expect("{");
  while (!scan.sees("}")) {
    const start = scan.at;
    const name = scan.sees('"') ? scan.string("a name") : scan.word("the name of an attribute");
    if (forbiddenNames.has(name)) throw scan.problem("E116", `no attribute may be named ${name}`, start);
    if (record.has(name)) throw scan.problem("E112", `${name} is given twice`, start);
    scan.expect("=");
    record.set(name, readValue(scan, names, depth, kindOf?.(name, start)));
    if (!scan.eat(",")) break;
  }
  scan.expect("}");
  return record;
}

/** Any value of an attribute. Without a kind the value describes itself. */
export function readValue(scan: Scanner, names: Names, depth: number, kind?: AttrKind): AttrValue {
  checkLimit("text", names.limits, "attrDepth", depth, () => scan.place());
  const start = scan.at;
  const sizes = kind?.kind === "dim" || kind?.kind === "dims";
  const size = (text: string): Dim => scan.located("E113", start, () => parseDim(text, names.symbol));
  if (scan.sees("(")) return size(scan.between("(", ")").text);
  if (scan.sees('"')) {
    const text = scan.string("a string");
    checkLimit("text", names.limits, "stringBytes", text.length, () => scan.place(start));
    return sizes ? size(text) : text;
  }
  if (scan.sees("@")) return names.fn(readFunctionName(scan), start);
  if (scan.sees('x"')) return readBytes(scan);
  if (scan.eat("[")) {
    const list: AttrValue[] = [];
    while (!scan.sees("]")) {
      list.push(readValue(scan, names, depth + 1, kind));
      checkLimit("text", names.limits, "listLength", list.length, () => scan.place(start));
      if (!scan.eat(",")) break;
    }
    scan.expect("]");
    return list;
  }
  if (scan.sees("{")) return recordOf(readRecord(scan, names, depth + 1));
  const number = readNumber(scan);
  if (number !== undefined) return number;
  const word = scan.word("a value");
  if (word === "true" || word === "false") return word === "true";
  if (kind?.kind === "dtype") return dtypeOfShort(word) ?? word;
  return sizes ? size(word) : word;
}

function recordOf(fields: ReadonlyMap<string, AttrValue>): Attrs {
  const record: Record<string, AttrValue> = Object.create(null);
  for (const [name, value] of fields) record[name] = value;
  return record;
}

const numberPattern = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|-inf\b|inf\b|nan\b/y;

function readNumber(scan: Scanner): number | undefined {
  const text = scan.take(numberPattern);
  if (text === undefined) return undefined;
  return text === "nan" ? NaN : text.endsWith("inf") ? (text === "inf" ? Infinity : -Infinity) : Number(text);
}

/** `@name` or `@"any name"` */
export function readFunctionName(scan: Scanner): string {
  scan.expect("@");
  return scan.sees('"') ? scan.string("a name") : scan.word("the name of a function");
}

/** `x"00ff"` */
function readBytes(scan: Scanner): Uint8Array {
  const start = scan.at;
  scan.expect("x");
  const bytes = fromHex(scan.string("hexadecimal digits"));
  if (bytes === undefined)
    throw scan.problem("E110", "the bytes are not pairs of lower-case hexadecimal digits", start);
  return bytes;
}

/** What stands after `constant`, before the dtype is known. */
export type Elements = {
  readonly at: number;
  readonly values: number | Uint8Array | readonly { readonly at: number; readonly value: number }[];
};

/** `0.9`, `[1, 2]`, `true` or `x"0000803f"` */
export function readElements(scan: Scanner): Elements {
  const at = scan.at;
  if (scan.sees('x"')) return { at, values: readBytes(scan) };
  if (!scan.eat("[")) return { at, values: readElement(scan).value };
  const values: { at: number; value: number }[] = [];
  while (!scan.sees("]")) {
    values.push(readElement(scan));
    if (!scan.eat(",")) break;
  }
  scan.expect("]");
  return { at, values };
}

function readElement(scan: Scanner): { at: number; value: number } {
  const at = scan.at;
  const value = scan.eatWord("true") ? 1 : scan.eatWord("false") ? 0 : readNumber(scan);
  if (value === undefined) throw scan.unexpected("a number");
  return { at, value };
}

/** The elements in their dtype: one number, or bytes. */
export function elementsOf(scan: Scanner, { at, values }: Elements, dtype: DType): number | Uint8Array {
  const one = (value: number, place: number): number => {
    const element = elementOf(dtype, value);
    if (element === undefined)
      throw scan.problem("E114", `${value} is not representable in ${dtypes[dtype].short}`, place);
    return element;
  };
  if (typeof values === "number") return one(values, at);
  return values instanceof Uint8Array
    ? values
    : encodeElements(
        dtype,
        values.map((v) => one(v.value, v.at)),
      );
}
