import { existsSync } from "node:fs";
import { join } from "node:path";
import { drawDigits, type LabelledImages } from "@tenon/datasets";
import { mnistFolder } from "@tenon/datasets/node";
import { hostFoldIn, hostKey, hostPermutation, OptionError } from "@tenon/tensor";

const PIXELS = 28 * 28;
const TEST_IMAGES = 10_000;

/** Images to learn from and others to be tested with: of MNIST where `TENON_DATA` has it, otherwise drawn by rule. */
export async function loadDigits(
  count: number,
  wanted?: "mnist" | "digits",
): Promise<{ dataset: string; train: LabelledImages; test: LabelledImages }> {
  const data = process.env.TENON_DATA;
  if (wanted === "mnist" && data === undefined) {
    throw new OptionError("E803", "first-steps", "dataset is mnist, but TENON_DATA does not say where it is", {
      fix: "set TENON_DATA to the folder that holds mnist/, or use --dataset digits",
    });
  }
  const testCount = Math.min(count, TEST_IMAGES);
  const folder = join(data ?? "", "mnist");
  if (wanted === "mnist" || (wanted === undefined && data !== undefined && existsSync(folder))) {
    const { train, test } = await mnistFolder(folder);
    return { dataset: "mnist", train: spread(train, count), test: spread(test, testCount) };
  }
  const all = drawDigits({ count: count + testCount });
  return { dataset: "digits", train: part(all, 0, count), test: part(all, count, count + testCount) };
}

/** The images from one to another, without a copy. */
const part = ({ images, labels, size }: LabelledImages, from: number, to: number): LabelledImages => ({
  ...{ images: images.subarray(from * PIXELS, to * PIXELS), labels: labels.subarray(from, to), size },
});

/** So many images at even distances, since MNIST's come sorted by where they were collected; all, where there are not more. */
function spread(all: LabelledImages, count: number): LabelledImages {
  const step = Math.floor(all.labels.length / count);
  if (step < 1) return all;
  const chosen = { images: new Uint8Array(count * PIXELS), labels: new Uint8Array(count), size: all.size };
  copyInto(chosen, all, (i) => i * step);
  return chosen;
}

export interface Batch {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
  /** The number of images. */
  readonly size: number;
}

/** The images in batches, in an order that depends on seed and epoch alone. The last batch holds what is left. */
export function* batchesOf(all: LabelledImages, size: number, seed: number, epoch: number): Generator<Batch> {
  const order = hostPermutation(hostFoldIn(hostKey(seed), epoch), all.labels.length);
  for (let from = 0; from < order.length; from += size) {
    const count = Math.min(size, order.length - from);
    const batch = { images: new Uint8Array(count * PIXELS), labels: new Uint8Array(count), size: count };
    copyInto(batch, all, (i) => order[from + i]!);
    yield batch;
  }
}

/** The images in their order, in parts of at most `size`, without a copy. */
export function* partsOf(all: LabelledImages, size: number): Generator<Batch> {
  for (let from = 0; from < all.labels.length; from += size) {
    const { images, labels } = part(all, from, from + size);
    yield { images, labels, size: labels.length };
  }
}

/** Image i becomes the one that stands at `place(i)`. */
function copyInto(
  { images, labels }: { readonly images: Uint8Array; readonly labels: Uint8Array },
  all: LabelledImages,
  place: (i: number) => number,
): void {
  for (let i = 0; i < labels.length; i++) {
    const at = place(i);
    images.set(all.images.subarray(at * PIXELS, (at + 1) * PIXELS), i * PIXELS);
    labels[i] = all.labels[at]!;
  }
}
