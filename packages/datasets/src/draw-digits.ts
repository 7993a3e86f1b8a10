import { HostRandom, hostFoldIn, hostKey } from "@tenon/tensor";
import { draw } from "./digit-ink.ts";
import { write } from "./digit-pen.ts";
import { digitShapes } from "./digit-shapes.ts";
import type { LabelledImages } from "./images.ts";
import { checkWhole } from "./range.ts";

export interface DrawDigitsOptions {
  readonly count: number;
  /** A whole number from 0 to 2⁵³ − 1. */
  readonly seed?: number;
  /** Rows and columns of a picture, 8 to 1024. */
  readonly size?: number;
}

/**
 * Handwritten digits made by rule, as hard as MNIST to a small network and free of its licence. images (count, size, size)
 *
 * A digit is one of several strokes that people use for it, with points that stray, bent, scaled, sheared, turned,
 * moved, and drawn with a pen of random width and ink on grainy paper. Picture i depends on the seed and i alone, so that
 * a smaller set is the beginning of a larger one; bytes are the same on every machine.
 */
export function drawDigits({ count, seed = 0, size = 28 }: DrawDigitsOptions): LabelledImages {
  checkWhole("digits", "count", count, 0, 2 ** 32 - 1);
  checkWhole("digits", "seed", seed, 0, Number.MAX_SAFE_INTEGER);
  checkWhole("digits", "size", size, 8, 1024);
  const key = hostKey(seed);
  const images = new Uint8Array(count * size * size);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const random = new HostRandom(hostFoldIn(key, i));
    const label = random.integer(10);
    const shapes = digitShapes[label]!;
    const lines = write(shapes[random.integer(shapes.length)]!, random, size);
    draw(lines, random, images.subarray(i * size * size, (i + 1) * size * size), size);
    labels[i] = label;
  }
  return { images, labels, size };
}
