import type { Index, Slot } from "@tenon/lowering";
import type { Source } from "@tenon/lowering/threads";
import { eachOf } from "./each.ts";

/** What tensor cores take factors as. */
export interface Format {
  /** In the names of functions. */
  readonly name: "bf16" | "f16" | "tf32";
  /** Factors in a word. */
  readonly inWord: 1 | 2;
}

/** Words that a thread stores at once. */
export const FOUR = 4;

/**
 * How elements come: `copied` past the registers, where they are what tensor cores take and 16 bytes lie side by side; by `vectors` of
 * four float32; or one by one, computed as the operand says.
 */
export type Way = "copied" | "vectors" | "elements";

const factors = { bf16: "bfloat16", f16: "float16", tf32: undefined } as const;

/** How elements come that lie side by side along k; `steps` are what addresses are made of, and how many there are in a line. */
export const wayOf = (slot: Slot, steps: readonly Index[], format: Format): Way =>
  wayWhere(slot, (count) => steps.every((x) => x.multiple % count === 0), format);

/** How elements come of which so many may be loaded at once, if `isWhole` says so. */
export function wayWhere({ dtype, access }: Slot, isWhole: (count: number) => boolean, { name }: Format): Way {
  if (access !== "read") return "elements";
  if (dtype === factors[name] && isWhole(8)) return "copied";
  return dtype === "float32" && isWhole(4) ? "vectors" : "elements";
}

/** Lines of a tile, `fours` times four words each, and the threads that bring them; `thread` is the name of their number. */
export interface Fours {
  readonly count: number;
  readonly fours: number;
  readonly threads: number;
  readonly thread: string;
  /** Whether neighbouring threads have neighbouring words, and not neighbouring lines. */
  readonly along: boolean;
}

/** How many times four words a thread has. */
export const sharesOf = ({ count, fours, threads }: Fours): number => Math.ceil((count * fours) / threads);

/** For each of a thread's fours, the `share`-th: `own`, the line in the tile, and `four`, its words. */
export function eachFour(source: Source, all: Fours, body: () => void): void {
  const { count, fours, threads, thread, along } = all;
  eachOf(source, ["share", sharesOf(all)], () => {
    source.line(`const int at = ${thread} + share * ${threads};`);
    source.line(`const int own = ${along ? `at / ${fours}` : `at % ${count}`};`);
    source.line(`const int four = ${along ? `at % ${fours}` : `at / ${count}`} * ${FOUR};`);
    if ((count * fours) % threads === 0) body();
    else source.if(`at < ${count * fours}`, body);
  });
}

/** The element at `k` of a line, once these are written; each may write what its text needs. */
export interface AtK {
  place(): { readonly slot: string; readonly address: string };
  inside(): string;
  element(): string;
}

/** Begins to load four words from the element `first` of a line on, zeros where there is none: to `place` if they are copied, else to `next`. */
export function loadFour(
  source: Source,
  way: Way,
  { inWord }: Format,
  {
    first,
    next,
    place,
    at,
  }: { readonly first: string; readonly next: string; readonly place: string; readonly at: AtK },
): void {
  if (way === "copied") {
    source.line(`const int k = ${first};`);
    const { slot, address } = at.place();
    source.line(`const bool inside = ${at.inside()};`);
    source.line(`tenon_copy_four(tiles, ${place}, ${slot}, inside ? ${address} : 0, inside);`);
  } else if (way === "vectors") {
    eachOf(source, ["v", inWord], () => {
      source.line(`const int k = ${first} + v * ${FOUR};`);
      const { slot, address } = at.place();
      source.line(`unsigned words[${FOUR}] = {0, 0, 0, 0};`);
      source.if(at.inside(), () => source.line(`tenon_load_four(words, ${slot}, ${address});`));
      eachOf(source, ["e", FOUR], () => source.line(`${next}[v * ${FOUR} + e] = tenon_float(words[e]);`));
    });
  } else {
    eachOf(source, ["e", FOUR * inWord], () => {
      source.line(`const int k = ${first} + e;`);
      source.line(`${next}[e] = 0;`);
      source.if(at.inside(), () => source.line(`${next}[e] = ${at.element()};`));
    });
  }
}

/** A word of factors, rounded: of the float32 expression that `of` gives for each. */
export function word({ name, inWord }: Format, of: (i: 0 | 1) => string): string {
  return inWord === 1 ? `tenon_to_tf32(${of(0)})` : `tenon_pack_${name}(${of(0)}, ${of(1)})`;
}

/** Brings what was loaded to a place in shared memory, rounded. */
export function storeFour(source: Source, format: Format, next: string, place: string): void {
  source.line(`unsigned words[${FOUR}];`);
  eachOf(source, ["w", FOUR], () => {
    const { inWord } = format;
    source.line(
      `words[w] = ${word(format, (i) => `${next}[${inWord === 1 ? "w" : i === 0 ? "2 * w" : "2 * w + 1"}]`)};`,
    );
  });
  source.line(`tenon_store_four(tiles, ${place}, words);`);
}
