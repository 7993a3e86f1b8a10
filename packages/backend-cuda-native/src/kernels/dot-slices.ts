import {
  addIndex,
  constantIndex,
  type DotKernel,
  type DotOperand,
  type Index,
  type IndexVariable,
  multiplyIndex,
} from "@tenon/lowering";
import type { Source } from "@tenon/lowering/threads";
import { types } from "../cuda/language.ts";
import type { DotTile } from "./dot-tile.ts";
import { eachOf } from "./each.ts";

/** An operand with the axis of the result that it has. */
export interface Side {
  readonly name: "a" | "b";
  readonly operand: DotOperand;
  readonly line: IndexVariable;
  readonly lines: Index;
  /** The name of the tile's first line, and how many lines it has. */
  readonly first: string;
  readonly count: number;
}

const FOUR = 4;

/** How far apart, in elements, steps of k lie in shared memory: four more than there are lines, so that steps begin in different banks. */
export const pitchOf = ({ count }: Side): number => count + FOUR;

/** Elements that a thread loads at once: one, or four float32 that lie side by side along k or along lines. */
type Way = "one" | "along k" | "along lines";

function wayOf({ operand: { lies }, lines }: Side, { type, sizes }: DotKernel): Way {
  if (lies === undefined || type !== "float32" || lies.slot.dtype !== type || lies.slot.access !== "read") return "one";
  const { start, strides } = lies;
  const isWhole = (...all: readonly Index[]): boolean =>
    [start, strides.batch, ...all].every((x) => x.multiple % FOUR === 0);
  if (strides.k === constantIndex(1) && isWhole(strides.line, sizes.k)) return "along k";
  return strides.line === constantIndex(1) && isWhole(strides.k, lines) ? "along lines" : "one";
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
    const { name, operand, line, lines, first } = this.#side;
    const { batch, k, sizes } = this.#kernel;
    const next = `next_${name}[share]`;
    this.#each(() => {
      source.line(`const int line = ${first} + l;`);
      source.line(`const int k = ${step} + d;`);
      if (this.#width === 1) source.line(`${next}[0] = 0;`);
      else {
        source.line(`unsigned words[${FOUR}] = {0, 0, 0, 0};`);
      }
      source.if(`line < ${source.index(lines)} && k < ${source.index(sizes.k)}`, () => {
        source.name(batch, "batch");
        source.name(line, "line");
        source.name(k, "k");
        if (this.#width === 1) {
          source.statements(operand.block.statements);
          source.line(`${next}[0] = ${source.value(operand.block.value)};`);
          return;
        }
        const { start, strides, slot } = operand.lies!;
        const places = [
          multiplyIndex(batch, strides.batch),
          multiplyIndex(line, strides.line),
          multiplyIndex(k, strides.k),
        ];
        const address = source.index(addIndex(start, ...places));
        source.line(`tenon_load_four(words, s${source.slot(slot)}, ${address});`);
      });
      if (this.#width > 1) eachOf(source, ["e", FOUR], () => source.line(`${next}[e] = tenon_float(words[e]);`));
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
    const alongK = operand.lies !== undefined && operand.lies.strides.k === constantIndex(1);
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
