/** Words of a line that a step along k takes. */
export const WORDS = 16;

/** How far lines lie apart in words, and where four words of one are: the same fours of 8 lines lie in different banks. */
export interface Lay {
  readonly pitch: number;
  four(line: string, four: string): string;
}

/** For `ldmatrix`: a line begins 20 banks after the one before, so that 8 lines begin at 8 multiples of 4. */
export const padded: Lay = { pitch: 20, four: (line, four) => `${line} * 20 + ${four}` };

/** For descriptors, the 64-byte swizzle: every two lines the fours change places. */
export const swizzled: Lay = {
  pitch: WORDS,
  four: (line, four) => `${line} * ${WORDS} + (${four} ^ ${line} / 2 % 4 * 4)`,
};

/** Words of a slice of both operands. */
export const bufferOf = (tile: { readonly rows: number; readonly columns: number }, { pitch }: Lay): number =>
  (tile.rows + tile.columns) * pitch;
