import { existsSync } from "node:fs";
import { join } from "node:path";
import { digits, type LabelledImages } from "@tenon/datasets";
import { mnistFolder } from "@tenon/datasets/node";
import { hostFoldIn, hostKey, hostPermutation, OptionError } from "@tenon/tensor";

const COUNT = 1000;
const PIXELS = 28 * 28;

/** 1,000 images to learn from and 1,000 others: of MNIST where `TENON_DATA` has it, otherwise drawn by rule. */
export async function loadDigits(
  wanted?: "mnist" | "digits",
): Promise<{ dataset: string; train: LabelledImages; test: LabelledImages }> {
  const data = process.env.TENON_DATA;
  if (wanted === "mnist" && data === undefined) {
    throw new OptionError("E803", "first-steps", "dataset is mnist, but TENON_DATA does not say where it is", {
      fix: "set TENON_DATA to the folder that holds mnist/, or use --dataset digits",
    });
  }
  const folder = join(data ?? "", "mnist");
  if (wanted === "mnist" || (wanted === undefined && data !== undefined && existsSync(folder))) {
    const { train, test } = await mnistFolder(folder);
    return { dataset: "mnist", train: spread(train), test: spread(test) };
  }
  const all = digits({ count: 2 * COUNT });
  const half = (from: number): LabelledImages => ({
    ...all,
    images: all.images.subarray(from * PIXELS, (from + COUNT) * PIXELS),
    labels: all.labels.subarray(from, from + COUNT),
  });
  return { dataset: "digits", train: half(0), test: half(COUNT) };
}

/** 1,000 images at even distances, since MNIST's come sorted by where they were collected. */
function spread({ images, labels, size }: LabelledImages): LabelledImages {
  const step = Math.floor(labels.length / COUNT);
  const chosen = { images: new Uint8Array(COUNT * PIXELS), labels: new Uint8Array(COUNT), size };
  for (let i = 0; i < COUNT; i++) {
    chosen.images.set(images.subarray(i * step * PIXELS, (i * step + 1) * PIXELS), i * PIXELS);
    chosen.labels[i] = labels[i * step]!;
  }
  return chosen;
}

export interface Batch {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
  /** The number of images. */
  readonly size: number;
}

/** The images in batches, in an order that depends on seed and epoch alone. */
export function batchesOf({ images, labels }: LabelledImages, size: number, seed: number, epoch: number): Batch[] {
  const order = hostPermutation(hostFoldIn(hostKey(seed), epoch), labels.length);
  return Array.from({ length: Math.floor(labels.length / size) }, (_, b) => {
    const batch = { images: new Uint8Array(size * PIXELS), labels: new Uint8Array(size), size };
    for (let i = 0; i < size; i++) {
      const at = order[b * size + i]!;
      batch.images.set(images.subarray(at * PIXELS, (at + 1) * PIXELS), i * PIXELS);
      batch.labels[i] = labels[at]!;
    }
    return batch;
  });
}
