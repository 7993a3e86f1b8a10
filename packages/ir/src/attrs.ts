import { type Dim, DimExpr } from "./dim.ts";
import { checkDType, type DType } from "./dtype.ts";
import { checkOptions, OptionError } from "./errors.ts";
import { isRecord } from "./is-record.ts";
import { valueText } from "./prose.ts";
import { checkShape, type Shape, type TensorType } from "./shape.ts";

/** What a region is called by: its types. A traced function in a graph; a name and its types in a module. */
export interface FunctionRef {
  readonly signature: Signature;
}

export interface Signature {
  readonly inputs: readonly TensorType[];
  readonly results: readonly TensorType[];
}

/** Elements of a constant: one number for all of them, or the bytes of each in row-major little-endian order. */
export type ConstantValue = number | Uint8Array;

/** Every value an attribute may have once it is normalised. */
export type AttrValue =
  | number
  | boolean
  | string
  | Uint8Array
  | DimExpr
  | FunctionRef
  | TensorType
  | readonly AttrValue[]
  | Attrs
  | undefined;

/** Normalised attributes: every name of the schema, defaults filled, axes from 0. */
export interface Attrs {
  readonly [name: string]: AttrValue;
}

/** How one attribute is read, checked and written. */
export interface AttrKind<T = unknown> {
  /** What the encodings do with it. `shape` and `dtype` stand in the result's type and are not written again. */
  readonly kind:
    | "plain"
    | "dims"
    | "dim"
    | "dtype"
    | "function"
    | "functions"
    | "value"
    | "types"
    | "attrs"
    | "result-shape"
    | "result-dtype";
  /** The value where none is given; absent means that one must be given. Text leaves a default out. */
  readonly fallback?: T | ((args: readonly TensorType[]) => T);
  readonly optional?: boolean;
  /** The value in its one normal form, or undefined when it is none. `rank` is the first operand's. */
  normalize(value: unknown, rank: number): T | undefined;
  /** What the value must be, for the error. */
  readonly expected: string;
  /** The words that are allowed, where it is one or a list of a few. */
  readonly words?: readonly string[];
}

export type AttrSchema = Readonly<Record<string, AttrKind<unknown>>>;

function kindOf<T>(
  kind: AttrKind["kind"],
  expected: string,
  normalize: AttrKind<T>["normalize"],
  fallback?: AttrKind<T>["fallback"],
): AttrKind<T> {
  return fallback === undefined ? { kind, expected, normalize } : { kind, expected, normalize, fallback };
}

const whole = (value: unknown): value is number => Number.isSafeInteger(value);

/** An index of a dimension; negative ones count from the end. */
export const axis = (fallback?: number): AttrKind<number> =>
  kindOf(
    "plain",
    "an axis of the first operand",
    (value, rank) => {
      if (!whole(value) || value < -rank || value >= rank) return undefined;
      return value < 0 ? value + rank : value;
    },
    fallback === undefined ? undefined : (args) => (fallback < 0 ? fallback + args[0]!.shape.length : fallback),
  );

/** A set of axes, sorted; the default is all of them. */
export const axes = (): AttrKind<readonly number[]> =>
  kindOf(
    "plain",
    "a list of different axes of the first operand",
    (value, rank) => {
      if (!Array.isArray(value)) return undefined;
      const list = value.map((a) => (whole(a) && a >= -rank && a < rank ? (a < 0 ? a + rank : a) : -1));
      const unique = [...new Set(list)].sort((a, b) => a - b);
      return unique.length === list.length && !unique.includes(-1) ? unique : undefined;
    },
    (args) => args[0]!.shape.map((_, i) => i),
  );

/** A whole number of at least `min`. */
export const int = (options: { min?: number; fallback?: number } = {}): AttrKind<number> => {
  const { min = Number.MIN_SAFE_INTEGER, fallback } = options;
  return kindOf(
    "plain",
    `a whole number${min > Number.MIN_SAFE_INTEGER ? ` from ${min}` : ""}`,
    (v) => (whole(v) && v >= min ? v + 0 : undefined),
    fallback,
  );
};

/** A list of whole numbers of at least `min`. */
export const ints = (options: { min?: number; fallback?: readonly number[] } = {}): AttrKind<readonly number[]> => {
  const { min = Number.MIN_SAFE_INTEGER, fallback } = options;
  const all = (v: unknown): v is number[] => Array.isArray(v) && v.every((n) => whole(n) && n >= min);
  return kindOf(
    "plain",
    `a list of whole numbers${min > Number.MIN_SAFE_INTEGER ? ` from ${min}` : ""}`,
    (v) => (all(v) ? [...v] : undefined),
    fallback,
  );
};

/** Two lists of whole numbers, one per operand. */
export const axisPairs = (
  fallback?: readonly [readonly number[], readonly number[]],
): AttrKind<readonly [readonly number[], readonly number[]]> =>
  kindOf(
    "plain",
    "two lists of axes, one per operand, of equal length",
    (v) => {
      if (
        !Array.isArray(v) ||
        v.length !== 2 ||
        !v.every((l) => Array.isArray(l) && l.every((n) => whole(n) && n >= 0))
      )
        return undefined;
      return v[0].length === v[1].length ? [[...v[0]], [...v[1]]] : undefined;
    },
    fallback,
  );

export const float = (fallback?: number): AttrKind<number> =>
  kindOf("plain", "a number", (v) => (typeof v === "number" ? v : undefined), fallback);

export const bool = (fallback?: boolean): AttrKind<boolean> =>
  kindOf("plain", "true or false", (v) => (typeof v === "boolean" ? v : undefined), fallback);

export const text = (fallback?: string): AttrKind<string> =>
  kindOf("plain", "a string", (v) => (typeof v === "string" ? v : undefined), fallback);

/** One of a few words. */
export const choice = <T extends string>(words: readonly T[], fallback?: T): AttrKind<T> => ({
  ...kindOf<T>("plain", `one of ${words.join(", ")}`, (v) => words.find((w) => w === v), fallback),
  words,
});

/** A list of such words. */
export const choices = <T extends string>(words: readonly T[]): AttrKind<readonly T[]> => ({
  ...kindOf<readonly T[]>("plain", `a list of ${words.join(", ")}`, (v) =>
    Array.isArray(v) && v.every((w) => words.includes(w)) ? ([...v] as T[]) : undefined,
  ),
  words,
});

const isDim = (d: unknown): d is Dim => d instanceof DimExpr || (whole(d) && (d as number) >= 0);

/** A size. */
export const dim = (): AttrKind<Dim> => kindOf("dim", "a size", (v) => (isDim(v) ? v : undefined));

/** A list of sizes or offsets. */
export const dims = (fallback?: AttrKind<Shape>["fallback"]): AttrKind<Shape> =>
  kindOf("dims", "a list of sizes", (v) => (Array.isArray(v) && v.every(isDim) ? [...v] : undefined), fallback);

/** The shape of the result; encodings read it from the result's type. */
export const resultShape = (): AttrKind<Shape> =>
  kindOf("result-shape", "a shape", (v) =>
    Array.isArray(v) && v.every(isDim) ? checkShape("shape", [...v]) : undefined,
  );

/** The dtype of the result; encodings read it from the result's type. */
export const resultDType = (fallback?: DType): AttrKind<DType> =>
  kindOf("result-dtype", "a dtype", (v) => checkDType("dtype", v), fallback);

export const dtypeAttr = (fallback?: AttrKind<DType>["fallback"]): AttrKind<DType> =>
  kindOf("dtype", "a dtype", (v) => checkDType("dtype", v), fallback);

/** A function that the op runs. */
export const region = (): AttrKind<FunctionRef> =>
  kindOf("function", "a traced function", (v) => (isFunction(v) ? v : undefined));

export const regions = (): AttrKind<readonly FunctionRef[]> =>
  kindOf("functions", "a list of traced functions", (v) =>
    Array.isArray(v) && v.every(isFunction) ? [...v] : undefined,
  );

/** The elements of a constant. */
export const constantValue = (): AttrKind<ConstantValue> =>
  kindOf("value", "a number or bytes", (v) => (typeof v === "number" || v instanceof Uint8Array ? v : undefined));

/** Declared result types. */
export const types = (): AttrKind<readonly TensorType[]> =>
  kindOf("types", "a list of types", (v) =>
    Array.isArray(v) && v.every((type) => Array.isArray(type?.shape))
      ? (v as TensorType[]).map(({ dtype, shape }) => ({ dtype, shape: [...shape] }))
      : undefined,
  );

/** Free-form settings of an op that this program does not know. */
export const openAttrs = (): AttrKind<Attrs> =>
  kindOf(
    "attrs",
    "a record of settings",
    (v) => (isRecord(v) ? ({ ...v } as Attrs) : undefined),
    Object.freeze({}) as Attrs,
  );

/** The same attribute, which may be left out. */
export const optional = <T>(kind: AttrKind<T>): AttrKind<T | undefined> => ({ ...kind, optional: true });

const isFunction = (v: unknown): v is FunctionRef => typeof v === "object" && v !== null && "signature" in v;

/** The attributes with defaults filled and axes counted from 0. Throws on unknown, missing and wrong ones. */
export function normalizeAttrs(op: string, schema: AttrSchema, given: unknown, args: readonly TensorType[]): Attrs {
  checkOptions(op, given, Object.keys(schema));
  const attrs: Record<string, AttrValue> = {};
  const rank = args[0]?.shape.length ?? 0;
  for (const [name, kind] of Object.entries(schema)) {
    let value = (given as Readonly<Record<string, unknown>>)[name];
    if (value === undefined) {
      if (kind.optional === true) continue;
      value = typeof kind.fallback === "function" ? kind.fallback(args) : kind.fallback;
      if (value === undefined)
        throw new OptionError("E802", op, `${name} is missing`, { fix: `give ${name}, ${kind.expected}` });
    }
    const normal = kind.normalize(value, rank);
    if (normal === undefined) throw wrongValue(op, name, value, kind.expected, args);
    attrs[name] = normal as AttrValue;
  }
  return attrs;
}

function wrongValue(
  op: string,
  name: string,
  value: unknown,
  expected: string,
  args: readonly TensorType[],
): OptionError {
  return new OptionError(
    "E803",
    op,
    `${name} is ${valueText(value)}, which is not ${expected}`,
    args.length > 0 ? { operands: { x: args[0] } } : {},
  );
}
