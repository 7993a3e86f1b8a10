import { folderFiles } from "./folder-files.ts";
import type { LabelledImages } from "./images.ts";
import { trainAndTest } from "./mnist-parts.ts";
import { mnistSet } from "./picture-sets.ts";

/**
 * MNIST's 60,000 training and 10,000 test digits from a folder with the four original gzip files.
 *
 * Fashion-MNIST and other sets with the same four file names are read too. Pictures are square, labels are below 10.
 */
export async function mnistFolder(path: string): Promise<{ train: LabelledImages; test: LabelledImages }> {
  return trainAndTest(await folderFiles(mnistSet, path));
}
