import { checked, didYouMean, fail, OptionError, type TensorType, typeText, valueText } from "@tenon/tensor";

/** Refuses an input, with the layer's path and the user's line. */
export function refuse(kind: string, x: TensorType, code: string, problem: string, fix: string): never {
  return checked(
    kind,
    { x: typeText(x) },
    () => fix,
    () => fail(code, problem),
  );
}

/** A whole number from 1. */
export function checkSize(kind: string, name: string, value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 1) return value;
  throw new OptionError("E803", kind, `${name} is ${valueText(value)}, which is no whole number from 1`, {
    fix: `give a number such as ${kind}(10)`,
  });
}

/** A whole number, such as an axis. */
export function checkInteger(kind: string, name: string, value: unknown): number {
  if (Number.isSafeInteger(value)) return value as number;
  throw new OptionError("E803", kind, `${name} is ${valueText(value)}, which is no whole number`);
}

/** A number of [low, high], or of [low, high) where the end is left out. */
export function checkNumber(
  kind: string,
  name: string,
  value: unknown,
  low: number,
  high: number,
  open = false,
): number {
  if (typeof value === "number" && value >= low && (open ? value < high : value <= high)) return value;
  const range = high === Infinity ? `number from ${low}` : `number from ${low} ${open ? "to below" : "to"} ${high}`;
  throw new OptionError("E803", kind, `${name} is ${valueText(value)}, which is no ${range}`);
}

/** The size of an axis at which Variables are made: a number, and no name. */
export function fixedSize(kind: string, x: TensorType, axis: number): number {
  const at = axis < 0 ? axis + x.shape.length : axis;
  const size = x.shape[at];
  if (typeof size === "number") return size;
  if (size === undefined) {
    return refuse(
      kind,
      x,
      "E206",
      `the input has rank ${x.shape.length}, and no axis ${axis}`,
      "give an input with more axes",
    );
  }
  return refuse(
    kind,
    x,
    "E203",
    `axis ${at} has the size ${size}, and Variables need a number`,
    `give inputs a number for ${size}`,
  );
}

/** What a table has under a name, or the function itself. */
export function byName<T extends (...args: never[]) => unknown>(
  kind: string,
  option: string,
  given: unknown,
  table: Readonly<Record<string, T>>,
): T {
  if (typeof given === "function") return given as T;
  if (typeof given === "string" && Object.hasOwn(table, given)) return table[given]!;
  const names = Object.keys(table);
  const guess = typeof given === "string" ? didYouMean(given, names) : "";
  throw new OptionError(
    "E803",
    kind,
    `${option} is ${valueText(given)}, which is neither a known name nor a function`,
    {
      fix: guess === "" ? `use one of ${names.join(", ")}` : guess,
    },
  );
}

/** The name under which a table has a value. */
export const keyOf = (table: Readonly<Record<string, unknown>>, value: unknown): string | undefined =>
  Object.keys(table).find((key) => table[key] === value);
