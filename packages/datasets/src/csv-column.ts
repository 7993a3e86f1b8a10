import { valueText } from "@tenon/tensor";
import { Column } from "./column.ts";
import { DataError } from "./errors.ts";
import { outside } from "./range.ts";

/** How the fields of a column are read: as numbers, or as names of classes. */
export type CsvType = "float32" | "float64" | "int32" | "class";

/** One field, its row from 0 and its line from 1. */
export interface Field {
  readonly text: string;
  readonly row: number;
  readonly line: number;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const MAX_FLOAT32 = 3.4028235677973366e38; // the least number that rounds to infinity
const INT32 = 2 ** 31;

const arrays = { float32: Float32Array, float64: Float64Array, int32: Int32Array };

const isWhole = (value: number): boolean => Number.isInteger(value) && value >= -INT32 && value < INT32;

/** Numbers if the first field that is there is one, of int32 if all are whole and there; otherwise classes. */
export function inferredType(fields: readonly Field[], missing: readonly string[]): CsvType {
  const first = fields.find(({ text }) => !missing.includes(text));
  if (first === undefined) return "float32";
  if (!NUMBER.test(first.text)) return "class";
  return fields.every(({ text }) => NUMBER.test(text) && isWhole(Number(text))) ? "int32" : "float32";
}

/** The fields as a column of one number a row. */
export function typedColumn(name: string, type: CsvType, fields: readonly Field[], missing: readonly string[]): Column {
  if (type === "class") return classColumn(fields);
  if (!Object.hasOwn(arrays, type)) {
    throw outside(
      "csv",
      `the type of ${name} is ${valueText(type)}`,
      'use "float32", "float64", "int32", "class" or "skip"',
    );
  }
  const data = new arrays[type](fields.length);
  for (const field of fields) data[field.row] = numberOf(name, type, field, missing);
  return new Column(data, [fields.length]);
}

/** Classes are numbered in the order of their names: as numbers where all are, otherwise by UTF-16 units. */
function classColumn(fields: readonly Field[]): Column {
  const classes = [...new Set(fields.map(({ text }) => text))];
  if (classes.every((text) => NUMBER.test(text))) classes.sort((a, b) => Number(a) - Number(b));
  else classes.sort();
  const codes = new Map(classes.map((text, code) => [text, code]));
  return new Column(
    Int32Array.from(fields, ({ text }) => codes.get(text)!),
    [fields.length],
    { classes },
  );
}

function numberOf(
  name: string,
  type: keyof typeof arrays,
  { text, row, line }: Field,
  missing: readonly string[],
): number {
  const isMissing = missing.includes(text);
  if (isMissing && type !== "int32") return Number.NaN;
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  const fits = type === "int32" ? isWhole(value) : Math.abs(value) < (type === "float32" ? MAX_FLOAT32 : Infinity);
  if (fits) return value;
  const kind =
    type === "int32" ? "no whole number of int32" : Number.isNaN(value) ? "no number" : `too large for ${type}`;
  const fix =
    isMissing || text === ""
      ? `for a missing number: missing: [${valueText(text)}], and a float for the column`
      : `correct the field, or read the column as classes: columns: { ${valueText(name)}: "class" }`;
  throw new DataError(
    "FormatError",
    "E774",
    "csv",
    `${valueText(text)} in column ${name} of row ${row + 1} is ${kind}`,
    { line, fix },
  );
}
