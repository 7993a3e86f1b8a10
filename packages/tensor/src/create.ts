import {
  checkDType,
  checkOptions,
  constant,
  type DType,
  DTypeError,
  integerRange,
  isFloat,
  isInteger,
  OptionError,
  type Shape,
  ShapeError,
  Tensor,
} from "@tenon/ir";
import { bytesOf, dtypeOfArray, isTypedArray, type TypedArray } from "./bytes.ts";
import { dataTensor, Storage } from "./storage.ts";

/** Numbers or booleans, nested as deep as the tensor's rank. */
export type Nested = number | boolean | readonly Nested[];
/** What a tensor can be made of. */
export type Creatable = Tensor | Nested | TypedArray;

export interface CreateOptions {
  /** By default that of the nesting, or one axis for a typed array. */
  readonly shape?: readonly number[];
  /** By default float32 for numbers, bool for booleans, a typed array's own. */
  readonly dtype?: DType;
}

/**
 * A tensor from numbers: `tensor([[1, 2], [3, 4]])`, `tensor(5)`, `tensor(bytes, { shape: [28, 28] })`.
 *
 * Numbers become float32, whatever they are; name a dtype for integers. The values are copied.
 */
export function tensor(values: Creatable, options: CreateOptions = {}): Tensor {
  checkOptions("tensor", options, ["shape", "dtype"]);
  if (values instanceof Tensor) return options.dtype === undefined ? values : values.cast(options.dtype);
  const [flat, found] = isTypedArray(values) ? [values, [values.length]] : flatten(values as Nested);
  const dtype = checkDType("tensor", options.dtype ?? (isTypedArray(flat) ? dtypeOfArray(flat) : guess(flat)));
  const shape = [...(options.shape ?? found)];
  const count = shape.reduce((n, d) => n * d, 1);
  if (count !== flat.length || !shape.every((d) => Number.isSafeInteger(d) && d >= 0)) {
    throw new ShapeError("E207", "tensor", `${flat.length} values do not fill the shape [${shape.join(", ")}]`, {
      fix: `the shape needs ${count} values`,
    });
  }
  const numbers = isTypedArray(flat) ? (flat as ArrayLike<number>) : flat.map(Number); // true is 1, false is 0
  if (isInteger(dtype) && !(isTypedArray(values) && dtypeOfArray(values) === dtype)) checkIntegers(numbers, dtype);
  return dataTensor(new Storage({ dtype, shape }, bytesOf(dtype, numbers)));
}

/** The dtype of numbers, or of booleans, for which none was given. */
function guess(flat: readonly (number | boolean)[]): DType {
  const other = flat.findIndex((x) => typeof x !== typeof flat[0]);
  if (other > 0) {
    throw new OptionError(
      "E803",
      "tensor",
      `element 0 is a ${typeof flat[0]} but element ${other} is a ${typeof flat[other]}`,
      { fix: "use numbers alone or booleans alone, or name a dtype" },
    );
  }
  return typeof flat[0] === "boolean" ? "bool" : "float32";
}

function checkIntegers(values: ArrayLike<number | bigint>, dtype: DType): void {
  const [min, max] = integerRange(dtype);
  for (let i = 0; i < values.length; i++) {
    const x = Number(values[i]);
    if (Number.isInteger(x) && x >= min && x <= max) continue;
    throw new DTypeError("E201", "tensor", `${x} at position ${i} is not representable in ${dtype}`, {
      fix: `use whole numbers from ${min} to ${max}, or another dtype`,
    });
  }
}

/** Elements in row-major order and the shape; throws on a ragged nesting and on what is no number. */
function flatten(nested: Nested): [(number | boolean)[], number[]] {
  const shape: number[] = [];
  for (let level: Nested = nested; Array.isArray(level); level = level[0] as Nested) {
    shape.push(level.length);
    if (level.length === 0 || shape.length > 8) break;
  }
  let flat: Nested[] = [nested];
  shape.forEach((size, axis) => {
    const next: Nested[] = [];
    for (const row of flat) {
      if (!Array.isArray(row) || row.length !== size) throw ragged(axis, size, row);
      for (const x of row) next.push(x as Nested);
    }
    flat = next;
  });
  const strange = flat.findIndex((x) => typeof x !== "number" && typeof x !== "boolean");
  if (strange >= 0) {
    const x: unknown = flat[strange];
    if (Array.isArray(x)) throw ragged(shape.length, 0, x);
    throw new OptionError(
      "E803",
      "tensor",
      `element ${strange} is ${typeof x === "string" ? JSON.stringify(x) : String(x)}, which is no number`,
      { fix: "convert it to a number first" },
    );
  }
  return [flat as (number | boolean)[], shape];
}

function ragged(axis: number, size: number, row: unknown): ShapeError {
  const found = Array.isArray(row) ? `a list of ${row.length}` : "a number";
  return new ShapeError(
    "E206",
    "tensor",
    `the nesting is ragged: along axis ${axis} one row is ${found} where the first has ${size}`,
    { fix: "give rows of equal length" },
  );
}

/** A tensor of zeros. Like `full`, a constant that takes no memory until it is read. */
export const zeros = (shape: Shape, dtype: DType = "float32"): Tensor => full(shape, 0, dtype);
/** A tensor of ones. */
export const ones = (shape: Shape, dtype: DType = "float32"): Tensor => full(shape, 1, dtype);
/** A tensor with one value everywhere. */
export const full = (
  shape: Shape,
  value: number | boolean,
  dtype: DType = typeof value === "boolean" ? "bool" : "float32",
): Tensor => constant(value, shape, checkDType("full", dtype));

export const zerosLike = (x: { readonly shape: Shape; readonly dtype: DType }): Tensor => zeros(x.shape, x.dtype);
export const onesLike = (x: { readonly shape: Shape; readonly dtype: DType }): Tensor => ones(x.shape, x.dtype);

/** `start, start + step, …` below `stop`; with one argument, `0, 1, …` below it. int32 where all are whole numbers. */
export function arange(start: number, stop?: number, step = 1, dtype?: DType): Tensor {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  if (step === 0 || !Number.isFinite((to - from) / step))
    throw new OptionError("E803", "arange", `step is ${step}, which never leads from ${from} to ${to}`);
  const count = Math.max(0, Math.ceil((to - from) / step));
  const whole = [from, to, step].every(Number.isInteger);
  const values = Float64Array.from({ length: count }, (_, i) => from + i * step);
  return tensor(values, { dtype: dtype ?? (whole ? "int32" : "float32") });
}

/** `count` values from `start` to `stop`, both included. */
export function linspace(start: number, stop: number, count: number, dtype: DType = "float32"): Tensor {
  if (!isFloat(checkDType("linspace", dtype)))
    throw new DTypeError("E201", "linspace", `${dtype} has no fractions`, { fix: "use a float, or arange" });
  const values = Float64Array.from({ length: count }, (_, i) =>
    count === 1 ? start : start + (i * (stop - start)) / (count - 1),
  );
  return tensor(values, { dtype });
}

/** The identity matrix. (n) → (n, n) */
export function eye(n: number, dtype: DType = "float32"): Tensor {
  const values = new Float64Array(n * n);
  for (let i = 0; i < n; i++) values[i * n + i] = 1;
  return tensor(values, { shape: [n, n], dtype });
}
