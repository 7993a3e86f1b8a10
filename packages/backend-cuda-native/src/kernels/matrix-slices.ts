import { constantIndex, type DotKernel } from "@tenon/lowering";
import type { Source } from "@tenon/lowering/threads";
import { eachFour, FOUR, type Format, type Fours, loadFour, sharesOf, storeFour, type Way, wayWhere } from "./fours.ts";
import { type Lay, WORDS } from "./matrix-lay.ts";
import type { MatrixTile } from "./matrix-tile.ts";
import { liesSideBySide, loadOf } from "./side-by-side.ts";
import { areThere, elementAt, isThere, placeAt, type Side } from "./tiles.ts";

/** An operand with the place where its tile begins in a buffer, in words. */
export interface MatrixSide extends Side {
  readonly begin: number;
}

function wayOfSide({ operand }: MatrixSide, format: Format, { k, sizes }: DotKernel): Way {
  const load = loadOf(operand.block.value);
  if (load === undefined) return "elements";
  return wayWhere(load.slot, (count) => liesSideBySide(load, k, sizes.k, count), format);
}

/** Slices of an operand, on their way into shared memory: each thread has so many times four words of a line. */
export class Slices {
  readonly way: Way;
  readonly #source: Source;
  readonly #kernel: DotKernel;
  readonly #side: MatrixSide;
  readonly #format: Format;
  readonly #tile: MatrixTile;
  readonly #lay: Lay;

  constructor(source: Source, kernel: DotKernel, side: MatrixSide, format: Format, tile: MatrixTile, lay: Lay) {
    this.#source = source;
    this.#kernel = kernel;
    this.#side = side;
    this.#format = format;
    this.#tile = tile;
    this.#lay = lay;
    this.way = wayOfSide(side, format, kernel);
    const registers = `float next_${side.name}[${sharesOf(this.#fours)}][${FOUR * format.inWord}];`;
    if (this.way !== "copied") source.line(registers);
  }

  /** Begins to load the slice from `step` on, zeros where there is none. What is copied goes where `buffer` says at once. */
  load(step: string, buffer: string): void {
    const source = this.#source;
    const [kernel, side] = [this.#kernel, this.#side];
    const next = `next_${side.name}[share]`;
    eachFour(source, this.#fours, () => {
      source.line(`const int line = ${side.first} + own;`);
      loadFour(source, this.way, this.#format, {
        ...{ first: `${step} + four * ${this.#format.inWord}`, next, place: this.#place(buffer) },
        at: {
          place: () => placeAt(source, kernel, side),
          inside: () => (this.way === "elements" ? isThere : areThere)(source, kernel, side),
          element: () => elementAt(source, kernel, side),
        },
      });
    });
  }

  /** Brings what was loaded into shared memory, rounded: nobody waits for it before the slice at hand is done. */
  store(buffer: string): void {
    if (this.way === "copied") return;
    const source = this.#source;
    const next = `next_${this.#side.name}[share]`;
    eachFour(source, this.#fours, () => storeFour(source, this.#format, next, this.#place(buffer)));
  }

  /** Neighbours load what lies side by side. */
  get #fours(): Fours {
    const { operand, count } = this.#side;
    const along = this.way !== "elements" || operand.lies?.strides.k === constantIndex(1);
    return { count, fours: WORDS / FOUR, threads: this.#tile.threads, thread: "member", along };
  }

  #place(buffer: string): string {
    return `${buffer} + ${this.#side.begin} + ${this.#lay.four("own", "four")}`;
  }
}
