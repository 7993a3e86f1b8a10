import { constantIndex, type DotKernel, type Index } from "@tenon/lowering";
import type { Source } from "@tenon/lowering/threads";
import { eachOf } from "./each.ts";
import { type Lay, WORDS } from "./matrix-lay.ts";
import type { MatrixTile } from "./matrix-tile.ts";
import { elementAt, isThere, placeAt, type Side } from "./tiles.ts";

/** What tensor cores take factors as. */
export interface Format {
  /** In the names of functions. */
  readonly name: "bf16" | "f16" | "tf32";
  /** Factors in a word. */
  readonly inWord: 1 | 2;
}

/** Words that a thread stores at once. */
const FOUR = 4;

/** An operand with the place where its tile begins in a buffer, in words. */
export interface MatrixSide extends Side {
  readonly begin: number;
}

/**
 * How elements come: `copied` past the registers, where they are what tensor cores take and 16 bytes lie side by side; by `vectors` of
 * four float32; or one by one, computed as the operand says.
 */
type Way = "copied" | "vectors" | "elements";

const factors = { bf16: "bfloat16", f16: "float16", tf32: undefined } as const;

function wayOf({ operand: { lies } }: MatrixSide, { name }: Format, k: Index): Way {
  if (lies === undefined || lies.strides.k !== constantIndex(1) || lies.slot.access !== "read") return "elements";
  const isWhole = (count: number): boolean =>
    [lies.start, lies.strides.batch, lies.strides.line, k].every((x) => x.multiple % count === 0);
  if (lies.slot.dtype === factors[name] && isWhole(8)) return "copied";
  return lies.slot.dtype === "float32" && isWhole(4) ? "vectors" : "elements";
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
    this.way = wayOf(side, format, kernel.sizes.k);
    const registers = `float next_${side.name}[${this.#share}][${FOUR * format.inWord}];`;
    if (this.way !== "copied") source.line(registers);
  }

  /** Begins to load the slice from `step` on, zeros where there is none. What is copied goes where `buffer` says at once. */
  load(step: string, buffer: string): void {
    const source = this.#source;
    const [kernel, side] = [this.#kernel, this.#side];
    const { inWord } = this.#format;
    const next = `next_${side.name}[share]`;
    this.#each(() => {
      source.line(`const int line = ${side.first} + own;`);
      if (this.way === "copied") {
        source.line(`const int k = ${step} + four * ${inWord};`);
        const { slot, address } = placeAt(source, kernel, side);
        source.line(`const bool inside = ${isThere(source, kernel, side)};`);
        const at = `inside ? ${address} : 0`;
        source.line(`tenon_copy_four(tiles, ${this.#place(buffer)}, ${slot}, ${at}, inside);`);
      } else if (this.way === "vectors") {
        eachOf(source, ["v", inWord], () => {
          source.line(`const int k = ${step} + four * ${inWord} + v * ${FOUR};`);
          const { slot, address } = placeAt(source, kernel, side);
          source.line(`unsigned words[${FOUR}] = {0, 0, 0, 0};`);
          source.if(isThere(source, kernel, side), () => source.line(`tenon_load_four(words, ${slot}, ${address});`));
          eachOf(source, ["e", FOUR], () => source.line(`${next}[v * ${FOUR} + e] = tenon_float(words[e]);`));
        });
      } else {
        eachOf(source, ["e", FOUR * inWord], () => {
          source.line(`const int k = ${step} + four * ${inWord} + e;`);
          source.line(`${next}[e] = 0;`);
          source.if(isThere(source, kernel, side), () =>
            source.line(`${next}[e] = ${elementAt(source, kernel, side)};`),
          );
        });
      }
    });
  }

  /** Brings what was loaded into shared memory, rounded: nobody waits for it before the slice at hand is done. */
  store(buffer: string): void {
    if (this.way === "copied") return;
    const source = this.#source;
    const { name, inWord } = this.#format;
    const next = `next_${this.#side.name}[share]`;
    this.#each(() => {
      source.line(`unsigned words[${FOUR}];`);
      eachOf(source, ["w", FOUR], () => {
        const word =
          inWord === 1 ? `tenon_to_tf32(${next}[w])` : `tenon_pack_${name}(${next}[2 * w], ${next}[2 * w + 1])`;
        source.line(`words[w] = ${word};`);
      });
      source.line(`tenon_store_four(tiles, ${this.#place(buffer)}, words);`);
    });
  }

  /** How many times four words a thread has. */
  get #share(): number {
    return Math.ceil((this.#side.count * (WORDS / FOUR)) / this.#tile.threads);
  }

  #place(buffer: string): string {
    return `${buffer} + ${this.#side.begin} + ${this.#lay.four("own", "four")}`;
  }

  /** For each of a thread's fours: `own`, the line in the tile, and `four`, its words. Neighbours load what lies side by side. */
  #each(body: () => void): void {
    const source = this.#source;
    const { operand, count } = this.#side;
    const { threads } = this.#tile;
    const fours = WORDS / FOUR;
    const alongK = operand.lies !== undefined && operand.lies.strides.k === constantIndex(1);
    eachOf(source, ["share", this.#share], () => {
      source.line(`const int at = member + share * ${threads};`);
      source.line(`const int own = ${alongK ? `at / ${fours}` : `at % ${count}`};`);
      source.line(`const int four = ${alongK ? `at % ${fours}` : `at / ${count}`} * ${FOUR};`);
      if ((count * fours) % threads === 0) body();
      else source.if(`at < ${count * fours}`, body);
    });
  }
}
