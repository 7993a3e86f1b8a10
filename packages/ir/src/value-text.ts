const MAX_TEXT = 40; // characters of a string, and entries of a list, that an error shows: more would hide the rest
const MAX_ENTRIES = 8;

/** What a value is, for an error: `0`, `"text"`, `[0, 1]`, `Tensor(float32 [2])`, `a promise`, `an object`. */
export function valueText(value: unknown, depth = 2): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, MAX_TEXT));
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return "a symbol";
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) {
    if (value.length > MAX_ENTRIES || depth === 0) return `a list of ${value.length}`;
    return `[${value.map((entry) => valueText(entry, depth - 1)).join(", ")}]`;
  }
  if ("then" in value) return "a promise";
  if (isRecord(value)) return "an object";
  if (value.toString !== Object.prototype.toString && !ArrayBuffer.isView(value))
    return String(value).slice(0, MAX_TEXT);
  const { name } = value.constructor;
  return `${/^[aeiou]/i.test(name) ? "an" : "a"} ${name}`;
}

/** What to do with a value that stands where a tensor is wanted. */
export function tensorFix(value: unknown): string {
  if (typeof value === "function") return "call it";
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return "make a tensor of it with tensor(…)";
  if (typeof value === "object" && value !== null) {
    if ("then" in value) return "await it first";
    if ("value" in value) return "use its value, as in v.value";
  }
  return "give a tensor; tensor(…) makes one of numbers";
}

/** Whether a value is a record as `{ … }` makes it, of whatever realm: no list, and no instance of a class. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
