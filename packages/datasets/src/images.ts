import { Column } from "./column.ts";
import { type Dataset, dataset } from "./dataset.ts";
import { normalize } from "./normalize.ts";

/** Grey pictures of one size with a class each. */
export interface LabelledImages {
  /** (count, size, size) row-major, 0 for paper to 255 for full ink. */
  readonly images: Uint8Array;
  /** (count) */
  readonly labels: Uint8Array;
  /** Rows and columns of a picture. */
  readonly size: number;
}

/** A set to learn from and another of the same kind to be tested with. */
export interface TrainAndTest {
  readonly train: Dataset;
  readonly test: Dataset;
}

export const digitNames: readonly string[] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

/** Pictures as a data set: x (count, size, size) from 0 to 1, kept as bytes, and y (count). */
export function picturesOf({ images, labels, size }: LabelledImages, classes: readonly string[]): Dataset {
  const x = normalize(new Column(images, [labels.length, size, size]));
  return dataset({ x, y: new Column(Int32Array.from(labels), [labels.length], { classes }) });
}
