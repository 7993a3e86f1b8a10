import type { Source } from "@tenon/lowering/threads";
import type { Lines } from "./attention-tile.ts";
import { eachOf } from "./each.ts";
import { type Format, word } from "./fours.ts";

/*
 * Products of 16 rows of a warp. A lane has of a matrix of sums, eight columns after the other, two neighbours of row lane / 4 and two
 * of the row 8 below: PTX ISA 8.7, section 9.7.14.5, "Matrix Fragments".
 */

/** A block's own rows as the factors of its warps, from registers, or from shared memory. */
export interface Own {
  readonly name: string;
  readonly lines: Lines;
  readonly high: number;
  /** Where the block's rows begin, in words. */
  readonly begin: number;
  readonly held: "registers" | "shared";
}

/** The four words of a lane for the step `w` along the features of 16 of its warp's rows, the `h`-th. */
const loadOwn = ({ begin, lines: { pitch } }: Own, to: string): string =>
  `tenon_load_matrices(${to}, tiles, ${begin} + (part_row + h * 16 + lane % 16) * ${pitch} + w * 8 + lane / 16 * 4);`;

/** Takes rows into registers, where they stay. */
export function holdOwn(source: Source, own: Own): void {
  eachOf(source, ["h", own.high], ["w", own.lines.words / 8], () => source.line(loadOwn(own, `${own.name}[h][w]`)));
}

/** `sums = own · othersᵀ`: the products of own rows and others, over features. */
export function multiplyRows(
  source: Source,
  { name }: Format,
  {
    sums,
    own,
    begin,
    others,
  }: { readonly sums: string; readonly own: Own; readonly begin: string; readonly others: number },
): void {
  const {
    high,
    lines: { words, pitch },
  } = own;
  const count = others / 2;
  source.line(`float ${sums}[${high * count}];`);
  eachOf(source, ["i", high * count], () => source.line(`${sums}[i] = 0;`));
  eachOf(source, ["w", words / 8], () => {
    const a = own.held === "registers" ? `${own.name}[h][w]` : "a[h]";
    if (own.held === "shared") {
      source.line(`unsigned a[${high}][4];`);
      eachOf(source, ["h", high], () => source.line(loadOwn(own, "a[h]")));
    }
    const pair = Math.min(2, others / 8);
    eachOf(source, ["j", others / 8 / pair], () => {
      source.line("unsigned b[4];"); // 8 rows with words 0 to 3 and 4 to 7, then the next 8 rows, or the same once more
      const row = `(j * 16 + ${pair === 2 ? "lane / 16 * 8 + " : ""}lane % 8) * ${pitch}`;
      source.line(`tenon_load_matrices(b, tiles, ${begin} + ${row} + w * 8 + lane / 8 % 2 * 4);`);
      eachOf(source, ["h", high], ["n", pair], () =>
        source.line(`tenon_multiply_${name}(${sums} + h * ${count} + j * 8 + n * 4, ${a}, b + n * 2);`),
      );
    });
  });
}

/**
 * `sums += shares · others`, over the other rows. What a lane has of the shares is what it is to have of a factor: of 16-bit floats two
 * tiles of columns are a step along k; of tf32 one tile is, whose columns 2t and 2t + 1 count as k = t and t + 4.
 */
export function multiplyColumns(
  source: Source,
  format: Format,
  {
    sums,
    shares,
    high,
    begin,
    others,
    lines: { padded, pitch },
  }: {
    readonly sums: string;
    readonly shares: string;
    readonly high: number;
    readonly begin: string;
    readonly others: number;
    readonly lines: Lines;
  },
): void {
  const { name, inWord } = format;
  const share = (place: string): string => `${shares}[h * ${others / 2} + i * ${4 * inWord} + ${place}]`;
  const sum = `${sums} + h * ${padded / 2} + j * ${4 * inWord}`;
  eachOf(source, ["i", others / (8 * inWord)], () => {
    source.line(`unsigned a[${high}][4];`);
    eachOf(source, ["h", high], ["n", 4], () => {
      source.line(`a[h][n] = ${word(format, (e) => share(inWord === 2 ? `n * 2 + ${e}` : "n % 2 * 2 + n / 2"))};`);
    });
    eachOf(source, ["j", padded / (8 * inWord)], () => {
      source.line(`unsigned b[${2 * inWord}];`);
      if (inWord === 2) {
        // 8 columns of rows 0 to 7 and 8 to 15, then the next 8 columns
        const row = `(i * 16 + lane % 16) * ${pitch}`;
        source.line(`tenon_load_transposed(b, tiles, ${begin} + ${row} + j * 8 + lane / 16 * 4);`);
      } else {
        const first = `${begin} + (i * 8 + lane % 4 * 2) * ${pitch} + j * 8 + lane / 4`;
        eachOf(source, ["n", 2], () => source.line(`b[n] = tiles[${first} + n * ${pitch}];`));
      }
      eachOf(source, ["h", high], ["n", inWord], () =>
        source.line(`tenon_multiply_${name}(${sum} + n * 4, a[h], b + n * 2);`),
      );
    });
  });
}
