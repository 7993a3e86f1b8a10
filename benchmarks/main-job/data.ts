import { existsSync } from "node:fs";
import { join } from "node:path";
import { drawDigits, type LabelledImages } from "@tenon/datasets";
import { mnistFolder } from "@tenon/datasets/node";
import { hostFoldIn, hostKey, hostPermutation } from "@tenon/tensor";

const PIXELS = 28 * 28;

/** Images as bytes: of MNIST where `TENON_DATA` has it, otherwise drawn by rule. */
export async function loadDigits(count: number): Promise<{ dataset: string; train: LabelledImages }> {
  const folder = join(process.env.TENON_DATA ?? "", "mnist");
  if (process.env.TENON_DATA === undefined || !existsSync(folder))
    return { dataset: "digits", train: drawDigits({ count }) };
  const { train } = await mnistFolder(folder);
  const { images, labels, size } = train;
  return {
    dataset: "mnist",
    train: { images: images.subarray(0, count * PIXELS), labels: labels.subarray(0, count), size },
  };
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
    const rows = order.subarray(from, from + size);
    const batch = {
      images: new Uint8Array(rows.length * PIXELS),
      labels: new Uint8Array(rows.length),
      size: rows.length,
    };
    rows.forEach((row, i) => {
      batch.images.set(all.images.subarray(row * PIXELS, (row + 1) * PIXELS), i * PIXELS);
      batch.labels[i] = all.labels[row]!;
    });
    yield batch;
  }
}
