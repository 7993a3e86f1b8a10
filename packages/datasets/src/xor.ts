import { type Dataset, dataset } from "./dataset.ts";

/**
 * The four cases of exclusive or, which no linear model separates. x (4, 2), y (4, 1), all 0 or 1
 *
 * Minsky & Papert 1969, Perceptrons.
 */
export function xor(): Dataset {
  return dataset({
    x: [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ],
    y: [[0], [1], [1], [0]],
  });
}
