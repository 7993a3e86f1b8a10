import { checkList, checkOptions, ShapeError, valueText } from "@tenon/tensor";
import { Column, type ColumnArray } from "./column.ts";
import { type Columns, type Dataset, dataset } from "./dataset.ts";
import { DataError } from "./errors.ts";
import { outside } from "./range.ts";

export interface StandardizerOptions {
  /** Names of the columns to change, by default `["x"]`. */
  readonly columns?: readonly string[];
  /** What becomes of NaN: an error, or the mean of the others. */
  readonly missing?: "error" | "mean";
}

/** Mean and standard deviation of each feature of a column. */
export interface Moments {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
}

/** Changes a data set as the one that it was fitted to. */
export interface Standardizer {
  <C extends Columns>(data: Dataset<C>): Dataset<C>;
  /** By column. */
  readonly moments: Readonly<Record<string, Moments>>;
}

/**
 * Measures each feature of the training part, and gives what maps any part with those figures to float32:
 * `(x − mean) / deviation`, the deviation being that of all rows, `√(Σ (x − mean)² / rows)`.
 *
 * A feature that is the same in every row becomes 0. `const standardize = fitStandardizer(train)`, then
 * `standardize(train)` and `standardize(test)`: what is tested with must not be measured.
 */
export function fitStandardizer<C extends Columns>(train: Dataset<C>, options: StandardizerOptions = {}): Standardizer {
  checkOptions("fitStandardizer", options, ["columns", "missing"]);
  const { columns = ["x"], missing = "error" } = options;
  checkList("fitStandardizer", "columns", columns, '["x"]');
  if (missing !== "error" && missing !== "mean") {
    throw outside("fitStandardizer", `missing is ${valueText(missing)}`, 'use "error" or "mean"');
  }
  const moments: Record<string, Moments> = Object.create(null);
  for (const name of columns) {
    const values = columnOf(train, name);
    if (missing === "error") refuseMissing(values, name);
    moments[name] = measure(values);
  }
  const standardize = <D extends Columns>(data: Dataset<D>): Dataset<D> => {
    const changed = columns.map((name) => {
      const values = columnOf(data, name);
      if (missing === "error") refuseMissing(values, name);
      return [name, apply(values, name, moments[name]!)];
    });
    return dataset({ ...data.columns, ...Object.fromEntries(changed) }) as never;
  };
  return Object.assign(standardize, { moments: Object.freeze(moments) });
}

function columnOf(data: Dataset<Columns>, name: string): Column {
  const values = data.columns[name];
  if (values !== undefined) return values;
  throw outside(
    "fitStandardizer",
    `there is no column ${valueText(name)}`,
    `the columns are ${Object.keys(data.columns).join(", ")}`,
  );
}

function refuseMissing(values: Column, name: string): void {
  const at = (values.data as Float64Array).findIndex(Number.isNaN);
  if (at < 0) return;
  const feature = at % values.rowLength;
  throw new DataError(
    "FormatError",
    "E778",
    "standardize",
    `feature ${values.features?.[feature] ?? feature} of ${name} is NaN in row ${Math.floor(at / values.rowLength)}`,
    { fix: 'leave the row out, or use { missing: "mean" }' },
  );
}

/** In two passes, so that a small spread about a large mean is not lost. */
function measure(values: Column): Moments {
  const { data, rowLength } = values;
  const [count, low, high] = [0, Infinity, -Infinity].map((start) => new Float64Array(rowLength).fill(start)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const mean = new Float64Array(rowLength);
  const deviation = new Float64Array(rowLength);
  eachValue(data, rowLength, (value, feature) => {
    count[feature]!++;
    mean[feature]! += value;
    low[feature] = Math.min(low[feature]!, value);
    high[feature] = Math.max(high[feature]!, value);
  });
  // The sum of equal numbers, divided by their count, need not be that number.
  for (let f = 0; f < rowLength; f++) mean[f] = low[f] === high[f] ? low[f]! : mean[f]! / Math.max(count[f]!, 1);
  eachValue(data, rowLength, (value, feature) => {
    deviation[feature]! += (value - mean[feature]!) ** 2;
  });
  for (let f = 0; f < rowLength; f++) deviation[f] = Math.sqrt(deviation[f]! / Math.max(count[f]!, 1)) || 1;
  return { mean, deviation };
}

function eachValue(data: ColumnArray, rowLength: number, visit: (value: number, feature: number) => void): void {
  for (let i = 0, feature = 0; i < data.length; i++) {
    const value = data[i]!;
    if (!Number.isNaN(value)) visit(value, feature);
    if (++feature === rowLength) feature = 0;
  }
}

function apply(values: Column, name: string, { mean, deviation }: Moments): Column {
  const { data, rowLength } = values;
  if (rowLength !== mean.length) {
    throw new ShapeError(
      "E777",
      "standardize",
      `a row of ${name} has ${rowLength} features but those fitted had ${mean.length}`,
      {
        operands: { [name]: values },
        fix: "give a set with the features of the training part",
      },
    );
  }
  const standard = new Float32Array(data.length);
  for (let i = 0, feature = 0; i < data.length; i++) {
    const value = data[i]!;
    standard[i] = Number.isNaN(value) ? 0 : (value - mean[feature]!) / deviation[feature]!;
    if (++feature === rowLength) feature = 0;
  }
  return new Column(standard, values.shape, values);
}
