import { constantIndex, type DotKernel } from "@tenon/lowering";
import type { Source } from "@tenon/lowering/threads";
import { types } from "../cuda/language.ts";
import type { DotTile } from "./dot-tile.ts";
import { eachOf } from "./each.ts";
import { liesSideBySide, loadOf } from "./side-by-side.ts";
import { areThere, elementAt, isThere, placeAt, type Side } from "./tiles.ts";

const FOUR = 4;

/** How far apart, in elements, steps of k lie in shared memory: four more than there are lines, so that steps begin in different banks. */
export const pitchOf = ({ count }: Side): number => count + FOUR;

/** Elements that a thread loads at once: one, or four float32 that lie side by side along k or along lines. */
type Way = "one" | "along k" | "along lines";

function wayOf({ operand, line, lines }: Side, { type, k, sizes }: DotKernel): Way {
  const load = loadOf(operand.block.value);
  if (type !== "float32" || load?.slot.dtype !== type || load.slot.access !== "read") return "one";
  if (liesSideBySide(load, k, sizes.k, FOUR)) return "along k";
  return liesSideBySide(load, line, lines, FOUR) ? "along lines" : "one";
}

/** Slices of an operand, on their way through registers into shared memory, where `depth` steps of k lie one after the other. */
export class DotSlices {
  readonly #source: Source;
  readonly #kernel: DotKernel;
  readonly #side: Side;
  readonly #tile: DotTile;
  readonly #way: Way;

  constructor(source: Source, kernel: DotKernel, side: Side, tile: DotTile) {
    this.#source = source;
    this.#kernel = kernel;
    this.#side = side;
    this.#tile = tile;
    this.#way = wayOf(side, kernel);
    source.line(`${types[kernel.type]} next_${side.name}[${this.#share}][${this.#width}];`);
  }

  /** Begins to load the slice from `step` on, zeros where there is none. */
  load(step: string): void {
    const source = this.#source;
    const [kernel, side] = [this.#kernel, this.#side];
    const next = `next_${side.name}[share]`;
    this.#each(() => {
      source.line(`const int line = ${side.first} + l;`);
      source.line(`const int k = ${step} + d;`);
      if (this.#width === 1) {
        source.line(`${next}[0] = 0;`);
        const there = isThere(source, kernel, side);
        source.if(there, () => source.line(`${next}[0] = ${elementAt(source, kernel, side)};`));
        return;
      }
      const { slot, address } = placeAt(source, kernel, side);
      source.line(`unsigned words[${FOUR}] = {0, 0, 0, 0};`);
      source.if(areThere(source, kernel, side), () => source.line(`tenon_load_four(words, ${slot}, ${address});`));
      eachOf(source, ["e", FOUR], () => source.line(`${next}[e] = tenon_float(words[e]);`));
    });
  }

  /** Brings what was loaded into shared memory. */
  store(): void {
    const source = this.#source;
    const { name } = this.#side;
    const pitch = pitchOf(this.#side);
    const alongK = this.#way === "along k";
    const at = alongK ? `(d + e) * ${pitch} + l` : `d * ${pitch} + l + e`;
    this.#each(() =>
      eachOf(source, ["e", this.#width], () => source.line(`${name}_tile[${at}] = next_${name}[share][e];`)),
    );
  }

  get #width(): number {
    return this.#way === "one" ? 1 : FOUR;
  }

  /** How many times a thread loads. */
  get #share(): number {
    return Math.ceil((this.#side.count * this.#tile.depth) / this.#width / this.#tile.threads);
  }

  /** For each load of a thread: `l`, the line in the tile, and `d`, the step of k. Neighbours load what lies side by side. */
  #each(body: () => void): void {
    const source = this.#source;
    const { operand, count } = this.#side;
    const { threads, depth } = this.#tile;
    const alongK = this.#way === "one" ? operand.lies?.strides.k === constantIndex(1) : this.#way === "along k";
    const width = this.#width;
    const loads = (count * depth) / width;
    eachOf(source, ["share", this.#share], () => {
      source.line(`const int at = thread + share * ${threads};`);
      if (alongK) {
        const across = this.#way === "along k" ? depth / width : depth;
        source.line(`const int l = at / ${across};`);
        source.line(`const int d = at % ${across}${this.#way === "along k" ? ` * ${width}` : ""};`);
      } else {
        source.line(`const int l = at % ${count / width}${width > 1 ? ` * ${width}` : ""};`);
        source.line(`const int d = at / ${count / width};`);
      }
      if (loads % threads === 0) body();
      else source.if(`at < ${loads}`, body);
    });
  }
}
