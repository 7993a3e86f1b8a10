import { type DType, isFloat, roundToDType } from "@tenon/ir";
import type { For } from "./kernel.ts";

/** An iteration of a loop that runs, within one of the loop around it. */
export interface Iteration {
  readonly around: Iteration | undefined;
  readonly depth: number;
  /** Different for every time that a loop is entered. */
  readonly entry: object;
  readonly role: For["role"];
  readonly index: number;
}

export const iterationOf = (
  around: Iteration | undefined,
  entry: object,
  role: For["role"],
  index: number,
): Iteration => ({
  around,
  depth: (around?.depth ?? 0) + 1,
  entry,
  role,
  index,
});

/** The loop of which two accesses stand in different iterations that may run in any order. */
function unordered(one: Iteration | undefined, other: Iteration | undefined): For["role"] | undefined {
  let [a, b] = [one, other];
  while (a !== b) {
    const [m, n]: [number, number] = [a?.depth ?? 0, b?.depth ?? 0];
    if (m === n && a!.around === b!.around) return a!.entry === b!.entry && a!.role !== "serial" ? a!.role : undefined;
    if (m >= n) a = a!.around;
    if (n >= m) b = b!.around;
  }
  return undefined;
}

/** Elements in memory. While a launch runs that writes to it, it remembers who touched what. */
export class Memory {
  readonly dtype: DType;
  readonly data: Float64Array;
  #written: Map<number, Iteration | undefined> | undefined;
  readonly #read = new Map<number, Set<Iteration | undefined>>();

  constructor(dtype: DType, data: Float64Array) {
    this.dtype = dtype;
    this.data = data;
  }

  /** Memory that nothing has been written to. */
  static poisoned(dtype: DType, count: number): Memory {
    return new Memory(dtype, new Float64Array(count).fill(poison(dtype)));
  }

  /** From here on conflicts are errors. */
  watch(): void {
    this.#written = new Map();
    this.#read.clear();
  }

  unwatch(): void {
    this.#written = undefined;
  }

  load(at: number, who: Iteration | undefined): number {
    this.#check(at);
    if (this.#written !== undefined) {
      if (this.#written.has(at)) meet(at, "read", this.#written.get(at), "written", who);
      let readers = this.#read.get(at);
      if (readers === undefined) this.#read.set(at, (readers = new Set()));
      readers.add(who);
    }
    return this.data[at]!;
  }

  store(at: number, value: number, who: Iteration | undefined): void {
    this.#check(at);
    if (this.#written !== undefined) {
      if (this.#written.has(at)) meet(at, "written", this.#written.get(at), "written", who);
      for (const reader of this.#read.get(at) ?? []) meet(at, "written", reader, "read", who);
      this.#written.set(at, who);
    }
    this.data[at] = roundToDType(this.dtype, value);
  }

  #check(at: number): void {
    if (!(Number.isInteger(at) && at >= 0 && at < this.data.length))
      throw new Error(`element ${at} is touched, of ${this.data.length}`);
  }
}

function meet(at: number, now: string, before: Iteration | undefined, then: string, who: Iteration | undefined): void {
  const role = unordered(before, who);
  if (role !== undefined)
    throw new Error(`element ${at} is ${now} in one iteration of a ${role} loop and ${then} in another`);
}

/** What stands where nothing has been written: no result may depend on it. */
export const poison = (dtype: DType): number => (isFloat(dtype) ? NaN : roundToDType(dtype, 0x5a5a5a5b));
