import type { Dim } from "./dim.ts";
import { isRecord } from "./is-record.ts";
import { currentScope } from "./scope.ts";
import type { Tensor } from "./tensor.ts";

/*
 * What errors tell of values, names and places. Bundles of pages have `no-prose.ts` in its place, unless they are made for
 * development.
 */

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

/** What to do where matrices do not fit: behind a layer that has the weight `b`, its number of features is wrong. */
export function matmulFix(a: Tensor, b: Tensor): string {
  const layer = currentScope.path?.split(".").at(-1);
  const weight = b.node.op.kind === "leaf" && b.rank === 2;
  return layer !== undefined && weight
    ? `give ${layer} ${a.shape.at(-1)} input features, or reshape its input`
    : "reshape or transpose one of them";
}

/** What to do where numbers of elements differ. */
export const elementsFix = (from: Dim, to: Dim): string =>
  typeof from === "number" && typeof to === "number"
    ? "use a shape with as many elements"
    : "element counts must be equal for every value of the symbols; name one size by an expression over the other's";

/**
 * The candidate nearest to `word` (edit distance at most a third of its length, or same letters), else the only one that begins with
 * it, or undefined.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const names = [...candidates];
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of names) {
    const distance = editDistance(plain(word), plain(candidate));
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  if (best !== undefined || word.length < LEAST_BEGINNING) return best;
  const longer = names.filter((name) => plain(name).startsWith(plain(word)));
  return longer.length === 1 ? longer[0] : undefined;
}

/** So few letters are no hint. */
const LEAST_BEGINNING = 3;

/** `; did you mean x?`, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const found = nearest(word, candidates);
  return found === undefined ? "" : `did you mean ${found}?`;
}

const plain = (word: string): string => word.toLowerCase().replaceAll(/[_-]/g, "");

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

const MAX_FRAMES = 100; // layers within layers take a few each, and engines keep 10 unless told otherwise

function deepStack(): string {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = MAX_FRAMES;
  const { stack } = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  return stack ?? "";
}

/** First line of the stack that lies outside the library's packages. */
export function sourceLine(stack = deepStack()): string | undefined {
  for (const line of stack.split("\n").slice(1)) {
    const found = /(?:\(|at )(?:file:\/\/)?([^()\s]+:\d+):\d+\)?$/.exec(line.trim());
    if (found === null || found[1]!.startsWith("node:")) continue;
    const path = found[1]!.replaceAll("\\", "/");
    if (!/\/(@tenon|packages)\/[\w-]+\/(src|dist)\//.test(path) || /\.test\.ts:\d+$/.test(path))
      return path.split("/").at(-1);
  }
  return undefined;
}
