import type { ByteReader } from "./bytes.ts";
import { checkLimit, type Limits } from "./limits.ts";

/** Entries that must be mentioned in the order in which they are listed, all of them: a module has one binary form. */
export class Table<T> {
  private readonly items: readonly T[];
  private readonly what: string;
  private used = 0;

  constructor(what: string, items: readonly T[]) {
    this.what = what;
    this.items = items;
  }

  get(from: ByteReader): T {
    const start = from.at;
    const number = from.varint();
    if (number >= this.items.length)
      throw from.problem("E135", `there is no ${this.what} ${number}, only ${this.items.length}`, start);
    if (number > this.used)
      throw from.problem("E136", `${this.what} ${number} is used before ${this.what} ${this.used}`, start);
    if (number === this.used) this.used++;
    return this.items[number]!;
  }

  finish(from: ByteReader): void {
    if (this.used < this.items.length) throw from.problem("E136", `${this.what} ${this.used} is never used`);
  }
}

/** A count and so many entries. */
export function repeat<T>(from: ByteReader, each: () => T): T[] {
  const items: T[] = [];
  for (let n = from.count(); n > 0; n--) items.push(each());
  return items;
}

/** Entries of which no two are alike: in their bytes, or in the name that `nameOf` gives. */
export function distinct<T>(from: ByteReader, each: () => T, nameOf?: (item: T) => string): T[] {
  const seen = new Set<string>();
  return repeat(from, () => {
    const start = from.at;
    const item = each();
    const name = nameOf?.(item) ?? latin1.decode(from.bytes.subarray(start, from.at));
    if (seen.has(name)) throw from.problem("E136", "the entry is listed twice", start);
    seen.add(name);
    return item;
  });
}

/** A table of such entries. */
export const readTable = <T>(from: ByteReader, what: string, each: () => T): Table<T> =>
  new Table(what, distinct(from, each));

/** Maps each byte to a character of its own. */
const latin1 = new TextDecoder("latin1");

/** A string of a table of strings. */
export function readText(from: ByteReader, limits: Limits): string {
  const start = from.at;
  checkLimit(from.form, limits, "stringBytes", from.varint(), () => `byte ${start}`);
  from.at = start;
  return from.text();
}
