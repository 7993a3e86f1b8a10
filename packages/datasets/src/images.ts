/** Grey pictures of one size with a class each. */
export interface LabelledImages {
  /** (count, size, size) row-major, 0 for paper to 255 for full ink. */
  readonly images: Uint8Array;
  /** (count) */
  readonly labels: Uint8Array;
  /** Rows and columns of a picture. */
  readonly size: number;
}
