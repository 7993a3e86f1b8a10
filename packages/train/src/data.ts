import { type ColumnLike, dataset } from "@tenon/datasets";
import {
  type HostKey,
  isRecord,
  OptionError,
  ShapeError,
  spec,
  Tensor,
  type TensorType,
  valueText,
} from "@tenon/tensor";
import { type OneOrMore, roleOf } from "./roles.ts";

/** A column of a data set, as far as training looks at it. */
export interface DataColumn {
  readonly dtype: TensorType["dtype"];
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/**
 * What a data set of `@tenon/datasets` is to a trainer: columns `x` and `y` with equally many rows, in batches. Of several
 * inputs or targets each has a column, such as `x.image` and `x.words`; a column `weight` says how much an example counts.
 */
export interface DataSource {
  /** Infinity where there are always more; `fit` then wants to know how many steps are an epoch. */
  readonly size: number;
  readonly columns: Readonly<Record<string, DataColumn>>;
  batches(
    batchSize: number,
    options?: { readonly shuffle?: HostKey | undefined },
  ): Iterable<{ tensors(): Readonly<Record<string, Tensor>> }> & {
    readonly length: number;
    /** The numbers of the rows of each batch; without them a device cannot take batches by itself. */
    rows?(): Iterable<ArrayLike<number>>;
  };
  slice(start?: number, end?: number): DataSource;
}

/** What gives batches, be it the data or a copy of them on a device. */
export interface BatchSource {
  batches(
    batchSize: number,
    options?: { readonly shuffle?: HostKey | undefined },
  ): Iterable<{
    tensors(): Readonly<Record<string, Tensor>> | Promise<Readonly<Record<string, Tensor>>>;
  }> & { readonly length: number };
}

type Values = ColumnLike | Tensor;

/**
 * What training takes: a data set, or inputs `x` and targets `y` as arrays or tensors whose first axis counts the examples;
 * several of them in a list or record, as the model takes and gives them.
 */
export type Data =
  | DataSource
  | { readonly x: OneOrMore<Values>; readonly y: OneOrMore<Values>; readonly weight?: Values };

/** What prediction takes: inputs alone, or a data set whose `x` is used. */
export type Inputs = DataSource | OneOrMore<Values>;

const isSource = (data: unknown): data is DataSource =>
  typeof data === "object" &&
  data !== null &&
  ["batches", "slice"].every((name) => typeof (data as Record<string, unknown>)[name] === "function") &&
  "columns" in data &&
  "size" in data;

const columnOf = async (values: unknown): Promise<ColumnLike> =>
  values instanceof Tensor
    ? ({ data: await values.data(), shape: values.shape } as ColumnLike)
    : (values as ColumnLike);

/** The data set with columns for these roles, and with at least one row. */
export async function sourceOf(op: string, data: unknown, names: readonly string[] = ["x", "y"]): Promise<DataSource> {
  const source = isSource(data) ? data : await fromArrays(op, data, names);
  const columns = Object.keys(source.columns);
  for (const name of names) {
    if (roleOf(name, columns).columns.length > 0) continue;
    throw new OptionError("E820", op, `the data have no column ${name}`, {
      operands: { columns: columns.join(", ") || "none" },
      fix: "rename columns with map, as in data.map(({ images, labels }) => ({ x: images, y: labels }))",
    });
  }
  if (source.size > 0) return source;
  throw new OptionError("E821", op, "the data have no rows", { fix: "give at least one example" });
}

/** Throws unless the data end. */
export function limited(op: string, source: DataSource): DataSource {
  if (Number.isFinite(source.size)) return source;
  throw new OptionError("E803", op, "the data never end", { fix: "give a set of so many rows" });
}

async function fromArrays(op: string, data: unknown, names: readonly string[]): Promise<DataSource> {
  if (!isRecord(data)) {
    throw new OptionError("E803", op, `the data are ${valueText(data)}, which is no data set`, {
      fix: "give a data set, or { x, y } with arrays or tensors",
    });
  }
  const columns: Record<string, ColumnLike> = {};
  for (const name of [...names, ...(data.weight === undefined ? [] : ["weight"])]) {
    if (data[name] === undefined) {
      throw new OptionError("E820", op, `the data have no ${name}`, {
        operands: { columns: Object.keys(data).join(", ") || "none" },
        fix: "give { x, y } with arrays or tensors",
      });
    }
    const several = isSeveral(data[name]) ? Object.entries(data[name]) : [["", data[name]] as const];
    for (const [key, values] of several) columns[key === "" ? name : `${name}.${key}`] = await columnOf(values);
  }
  return dataset(columns) as unknown as DataSource;
}

/** Whether it is a list or record of columns, and not one column as nested numbers or `{ data, shape }`. */
function isSeveral(values: unknown): values is object {
  if (Array.isArray(values)) {
    const isNumbers = (value: unknown): boolean =>
      typeof value === "number" || (Array.isArray(value) && isNumbers(value[0]));
    return values.length > 0 && !values.every(isNumbers);
  }
  return isRecord(values) && !("data" in values && "shape" in values);
}

/** Inputs without targets. */
export async function inputsOf(op: string, inputs: unknown): Promise<DataSource> {
  const given = isSource(inputs) || (isRecord(inputs) && "x" in inputs) ? inputs : { x: inputs };
  return sourceOf(op, given, ["x"]);
}

/** The type of a batch of a column, its first axis open. */
export function batchType({ dtype, shape }: DataColumn): TensorType {
  return spec(["B", ...shape.slice(1)], dtype);
}

/** Throws unless the rows of two sets have the same types. */
export function checkSameRows(op: string, name: string, wanted: TensorType, column: DataColumn | undefined): void {
  if (column === undefined) {
    throw new OptionError("E820", op, `${name} is missing`, {
      operands: { wanted },
      fix: "give data with the same columns as those that the model was built for",
    });
  }
  const found = batchType(column);
  const same =
    found.dtype === wanted.dtype &&
    found.shape.length === wanted.shape.length &&
    found.shape.every((d, i) => i === 0 || d === wanted.shape[i]);
  if (same) return;
  throw new ShapeError("E822", op, `${name} is not like the data that the model was built for`, {
    operands: { [name]: found, wanted },
    fix: "prepare all data in the same way",
  });
}
