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
  /** Where the block's rows begin, in words. */
  readonly begin: number;
  readonly held: "registers" | "shared";
}

/** The four words of a lane for the step `w` along the features of its warp's rows. */
const loadOwn = ({ begin, lines: { pitch } }: Own, to: string): string =>
  `tenon_load_matrices(${to}, tiles, ${begin} + (part_row + lane % 16) * ${pitch} + w * 8 + lane / 16 * 4);`;

/** Takes rows into registers, where they stay. */
export function holdOwn(source: Source, own: Own): void {
  eachOf(source, ["w", own.lines.words / 8], () => source.line(loadOwn(own, `${own.name}[w]`)));
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
  const { words, pitch } = own.lines;
  source.line(`float ${sums}[${others / 2}];`);
  eachOf(source, ["i", others / 2], () => source.line(`${sums}[i] = 0;`));
  eachOf(source, ["w", words / 8], () => {
    const a = own.held === "registers" ? `${own.name}[w]` : "a";
    if (own.held === "shared") {
      source.line("unsigned a[4];");
      source.line(loadOwn(own, "a"));
    }
    eachOf(source, ["j", others / 16], () => {
      source.line("unsigned b[4];"); // 8 rows with words 0 to 3 and 4 to 7, then the next 8 rows
      const row = `(j * 16 + lane / 16 * 8 + lane % 8) * ${pitch}`;
      source.line(`tenon_load_matrices(b, tiles, ${begin} + ${row} + w * 8 + lane / 8 % 2 * 4);`);
      source.line(`tenon_multiply_${name}(${sums} + j * 8, ${a}, b);`);
      source.line(`tenon_multiply_${name}(${sums} + j * 8 + 4, ${a}, b + 2);`);
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
    begin,
    others,
    lines: { padded, pitch },
  }: {
    readonly sums: string;
    readonly shares: string;
    readonly begin: string;
    readonly others: number;
    readonly lines: Lines;
  },
): void {
  const { name, inWord } = format;
  eachOf(source, ["i", others / (8 * inWord)], () => {
    source.line("unsigned a[4];");
    if (inWord === 2)
      eachOf(source, ["n", 4], () => source.line(`a[n] = ${word(format, (e) => `${shares}[i * 8 + n * 2 + ${e}]`)};`));
    else
      eachOf(source, ["n", 4], () =>
        source.line(`a[n] = ${word(format, () => `${shares}[i * 4 + n % 2 * 2 + n / 2]`)};`),
      );
    if (inWord === 2)
      eachOf(source, ["j", padded / 16], () => {
        source.line("unsigned b[4];"); // 8 columns of rows 0 to 7 and 8 to 15, then the next 8 columns
        const row = `(i * 16 + lane % 16) * ${pitch}`;
        source.line(`tenon_load_transposed(b, tiles, ${begin} + ${row} + j * 8 + lane / 16 * 4);`);
        source.line(`tenon_multiply_${name}(${sums} + j * 8, a, b);`);
        source.line(`tenon_multiply_${name}(${sums} + j * 8 + 4, a, b + 2);`);
      });
    else
      eachOf(source, ["j", padded / 8], () => {
        source.line("unsigned b[2];");
        const first = `${begin} + (i * 8 + lane % 4 * 2) * ${pitch} + j * 8 + lane / 4`;
        eachOf(source, ["n", 2], () => source.line(`b[n] = tiles[${first} + n * ${pitch}];`));
        source.line(`tenon_multiply_${name}(${sums} + j * 4, a, b);`);
      });
  });
}
