import { type ClaimedKernel, constantIndex, type Index, type Strided } from "@tenon/lowering";
import { named, placeOf, slotOf } from "@tenon/lowering/claimed";
import type { Source } from "@tenon/lowering/threads";
import { type Lines, linesOf } from "./attention-tile.ts";
import { eachFour, FOUR, type Format, type Fours, loadFour, sharesOf, storeFour, type Way, wayOf } from "./fours.ts";

/** Something on its way into shared memory. */
export interface Arriving {
  readonly way: Way;
  /** Begins to load what is at `example`, `first` and a head. What is copied goes where `buffer` says at once. */
  load(buffer: string): void;
  /** Brings what was loaded there. */
  store(buffer: string): void;
}

/** Which rows of an operand: so many of them from `first` on, of all that there are, of the head that has this name. */
export interface RowsAt {
  readonly name: string;
  readonly operand: Strided;
  readonly count: number;
  readonly all: Index;
  readonly head: string;
  /** Where they begin in a buffer, in words. */
  readonly begin: number;
  /** Of the block. */
  readonly threads: number;
}

/** Whether features lie side by side. */
const isAlong = ({ strides }: Strided): boolean => strides[3] === constantIndex(1);

/** How rows of an operand come. */
export function wayOfRows(operand: Strided, format: Format): Way {
  const { slot, start, sizes, strides } = operand;
  return isAlong(operand) ? wayOf(slot, [start, ...strides.slice(0, 3), sizes[3]!], format) : "elements";
}

/** Rows of queries, keys or values on their way into shared memory, as factors; each thread has so many times four words. */
export class Rows implements Arriving {
  readonly way: Way;
  readonly lines: Lines;
  readonly #source: Source;
  readonly #kernel: ClaimedKernel;
  readonly #at: RowsAt;
  readonly #format: Format;

  constructor(source: Source, kernel: ClaimedKernel, at: RowsAt, format: Format) {
    this.#source = source;
    this.#kernel = kernel;
    this.#at = at;
    this.#format = format;
    this.lines = linesOf(at.operand, format);
    this.way = wayOfRows(at.operand, format);
    if (this.way !== "copied") source.line(`float next_${at.name}[${sharesOf(this.#fours)}][${FOUR * format.inWord}];`);
  }

  load(buffer: string): void {
    const source = this.#source;
    const { name, operand, all, head } = this.#at;
    const slot = slotOf(this.#kernel, operand);
    const address = (): string => {
      const [example, row, at, k] = ["example", "row", head, "k"].map((text) => named(source, text));
      return source.index(placeOf(operand, [example!, row!, at!, k!]));
    };
    eachFour(source, this.#fours, () => {
      source.line("const int row = first + own;");
      loadFour(source, this.way, this.#format, {
        ...{ first: `four * ${this.#format.inWord}`, next: `next_${name}[share]`, place: this.#place(buffer) },
        at: {
          place: () => ({ slot: `s${slot}`, address: address() }),
          inside: () => `row < ${source.index(all)} && k < ${this.lines.features}`,
          element: () => source.language.load(slot, address()),
        },
      });
    });
  }

  store(buffer: string): void {
    if (this.way === "copied") return;
    const next = `next_${this.#at.name}[share]`;
    eachFour(this.#source, this.#fours, () => storeFour(this.#source, this.#format, next, this.#place(buffer)));
  }

  /** Neighbours load what lies side by side. */
  get #fours(): Fours {
    const { count, operand, threads } = this.#at;
    return { count, fours: this.lines.words / FOUR, threads, thread: "thread", along: isAlong(operand) };
  }

  #place(buffer: string): string {
    return `${buffer} + ${this.#at.begin} + own * ${this.lines.pitch} + four`;
  }
}

/** Numbers of the rows of scores that are gone over, a word each, on their way into shared memory. */
export class RowNumbers implements Arriving {
  readonly way = "elements";
  readonly #source: Source;
  readonly #kernel: ClaimedKernel;
  readonly #numbers: readonly Strided[];
  readonly #at: Omit<RowsAt, "operand" | "threads">;

  constructor(
    source: Source,
    kernel: ClaimedKernel,
    numbers: readonly Strided[],
    at: Omit<RowsAt, "operand" | "threads">,
  ) {
    this.#source = source;
    this.#kernel = kernel;
    this.#numbers = numbers;
    this.#at = at;
    source.line(`float next_${at.name}[${numbers.length}];`);
  }

  load(): void {
    const source = this.#source;
    const { name, count, all, head } = this.#at;
    source.if(`thread < ${count}`, () => {
      source.line("const int row = first + thread;");
      const [example, at, row] = ["example", head, "row"].map((text) => named(source, text));
      for (const [i, operand] of this.#numbers.entries()) {
        const address = source.index(placeOf(operand, [example!, at!, row!]));
        const value = source.language.load(slotOf(this.#kernel, operand), address);
        source.line(`next_${name}[${i}] = 0;`);
        source.if(`row < ${source.index(all)}`, () => source.line(`next_${name}[${i}] = ${value};`));
      }
    });
  }

  store(buffer: string): void {
    const { name, count, begin } = this.#at;
    this.#source.if(`thread < ${count}`, () => {
      for (const i of this.#numbers.keys())
        this.#source.line(`tiles[${buffer} + ${begin + i * count} + thread] = tenon_bits(next_${name}[${i}]);`);
    });
  }
}
