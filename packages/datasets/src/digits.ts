import { checkOptions } from "@tenon/tensor";
import { drawDigits } from "./draw-digits.ts";
import { digitNames, picturesOf, type TrainAndTest } from "./images.ts";
import { checkWhole } from "./range.ts";

export interface DigitsOptions {
  /** How many to learn from, 60,000 by default as in MNIST. */
  readonly train?: number;
  /** How many to be tested with, 10,000 by default. */
  readonly test?: number;
  /** A whole number from 0 to 2⁵³ − 1. */
  readonly seed?: number;
  /** Rows and columns of a picture, 8 to 1024, by default 28. */
  readonly size?: number;
}

/**
 * Handwritten digits drawn by rule, in the form of MNIST: x (count, size, size) from 0 to 1, y (count).
 *
 * The test pictures are those that follow the training pictures, so that none is in both. Drawing takes some 40 µs a picture. See
 * `drawDigits` for how; bytes are the same on every machine.
 */
export function digits(options: DigitsOptions = {}): TrainAndTest {
  checkOptions("digits", options, ["train", "test", "seed", "size"]);
  const { train = 60_000, test = 10_000, seed = 0, size = 28 } = options;
  for (const [name, count] of Object.entries({ train, test })) checkWhole("digits", name, count, 0, 2 ** 31);
  const all = picturesOf(drawDigits({ count: train + test, seed, size }), digitNames);
  return { train: all.slice(0, train), test: all.slice(train) };
}
