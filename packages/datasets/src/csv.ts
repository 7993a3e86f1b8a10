import { checkOptions, didYouMean, valueText } from "@tenon/tensor";
import { type Column, column } from "./column.ts";
import { type CsvType, type Field, inferredType, typedColumn } from "./csv-column.ts";
import { type CsvTable, csvTable } from "./csv-table.ts";
import { type Columns, type Dataset, dataset, type Examples } from "./dataset.ts";
import { outside } from "./range.ts";

export interface CsvOptions {
  /** Whether the first row names the columns, or their names. By default it does. */
  readonly header?: boolean | readonly string[];
  /** One character between fields, by default a comma. */
  readonly delimiter?: string;
  /** Types of columns by name, instead of the one that the first field suggests; "skip" leaves a column out. */
  readonly columns?: Readonly<Record<string, CsvType | "skip">>;
  /** Texts that stand for a missing number, which becomes NaN. By default none do. */
  readonly missing?: readonly string[];
  /** The largest number of bytes or characters, rows and columns; 2²⁷, 10⁷ and 10⁴ by default. */
  readonly limits?: CsvLimits;
}

export interface CsvLimits {
  readonly length?: number;
  readonly rows?: number;
  readonly columns?: number;
}

const LIMITS = { length: 2 ** 27, rows: 1e7, columns: 1e4 };

/**
 * Reads comma-separated values (RFC 4180) into a data set with a column per field.
 *
 * The first field of a column decides its type: whole numbers are int32, other numbers float32, and texts are classes,
 * numbered from 0 in the order of their names, which `classes` keeps. A later field of another kind is an error with its
 * row, not a guess. With `target`, the column of that name becomes `y`, numbers in one more axis of 1 if they are no
 * classes or whole numbers, and all others together become `x`, float32 (rows, features), each class being a feature of
 * its own, 0 or 1.
 */
export function readCsv(
  text: string | Uint8Array,
  options: CsvOptions & { readonly target: string },
): Dataset<Examples>;
export function readCsv(text: string | Uint8Array, options?: CsvOptions): Dataset<Columns>;
export function readCsv(
  text: string | Uint8Array,
  options: CsvOptions & { readonly target?: string } = {},
): Dataset<Columns> | Dataset<Examples> {
  checkOptions("csv", options, ["header", "delimiter", "columns", "missing", "limits", "target"]);
  const { header = true, delimiter = ",", columns = {}, missing = [], target } = options;
  checkOptions("csv", options.limits ?? {}, Object.keys(LIMITS));
  const limits = { ...LIMITS, ...options.limits };
  if (typeof delimiter !== "string" || [...delimiter].length !== 1) {
    throw outside("csv", `the delimiter is ${valueText(delimiter)}`, 'use one character, such as ";" or "\\t"');
  }
  const table = csvTable(text, { header, delimiter, limits });
  for (const name of [...Object.keys(columns), ...(target === undefined ? [] : [target])]) checkName(table, name);

  const read: (readonly [name: string, values: Column])[] = [];
  for (const [index, name] of table.names.entries()) {
    const fields = table.rows.map(({ fields, line }, row): Field => ({ text: fields[index]!, row, line }));
    const type = Object.hasOwn(columns, name) ? columns[name]! : inferredType(fields, missing);
    if (type !== "skip") read.push([name, typedColumn(name, type, fields, missing)]);
  }
  if (target === undefined) return dataset(Object.fromEntries(read));
  return examplesOf(read, target, limits.columns);
}

function checkName({ names }: CsvTable, name: string): void {
  if (names.includes(name)) return;
  throw outside(
    "csv",
    `there is no column ${valueText(name)}`,
    didYouMean(name, names) || `the columns are ${names.join(", ")}`,
  );
}

function examplesOf(read: readonly (readonly [string, Column])[], target: string, limit: number): Dataset<Examples> {
  const answers = read.find(([name]) => name === target)?.[1];
  if (answers === undefined) throw outside("csv", `the target ${valueText(target)} is skipped`, "give it a type");
  const inputs = read.filter(([name]) => name !== target);
  const features = inputs.flatMap(([name, { classes }]) => classes?.map((value) => `${name}=${value}`) ?? [name]);
  if (features.length > limit) {
    const most = inputs.reduce((a, b) => ((a[1].classes?.length ?? 1) >= (b[1].classes?.length ?? 1) ? a : b))[0];
    throw outside(
      "csv",
      `the inputs have ${features.length} features but the limit is ${limit}`,
      `skip ${most}, which has the most classes, or raise limits.columns`,
    );
  }
  const data = new Float32Array(answers.size * features.length);
  let first = 0;
  for (const [, { data: values, classes }] of inputs) {
    for (let row = 0; row < values.length; row++) {
      const start = row * features.length + first;
      if (classes === undefined) data[start] = values[row]!;
      else data[start + values[row]!] = 1;
    }
    first += classes?.length ?? 1;
  }
  const y = answers.dtype === "int32" ? answers : answers.reshape([1]);
  return dataset({ x: column({ data, shape: [answers.size, features.length], features }), y });
}
