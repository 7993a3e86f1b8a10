import type { FileOptions } from "./file-options.ts";
import { picturesOf, type TrainAndTest } from "./images.ts";
import { type LoadFiles, loadFiles } from "./load-files.ts";
import { trainAndTest } from "./mnist-parts.ts";
import { fashionMnistSet, mnistSet } from "./picture-sets.ts";
import type { PictureSet } from "./published.ts";

/**
 * MNIST: 60,000 handwritten digits to learn from and 10,000 to be tested with. x (count, 28, 28) from 0 to 1, y (count)
 *
 * In Node the files are looked for in `$TENON_DATA/mnist`, then among those fetched before, then in public mirrors; a page asks
 * the mirrors alone, which must allow it (CORS), and leaves keeping to the browser. What is fetched has to have its known
 * SHA-256. Pixels are kept as bytes and become float32 batch by batch. LeCun, Cortes & Burges, The MNIST database.
 */
export const mnist = (options: FileOptions = {}): Promise<TrainAndTest> => loadPictures(mnistSet, options);

/**
 * Fashion-MNIST: as `mnist`, but articles of clothing, and harder. `train.y.classes` names them.
 *
 * Xiao, Rasul & Vollgraf 2017, arXiv:1708.07747.
 */
export const fashionMnist = (options: FileOptions = {}): Promise<TrainAndTest> =>
  loadPictures(fashionMnistSet, options);

/** A set in the form of MNIST, from files that are loaded in one way or another. */
export async function loadPictures(
  set: PictureSet,
  options: FileOptions,
  load: LoadFiles = loadFiles,
): Promise<TrainAndTest> {
  const { train, test } = trainAndTest(await load(set, options));
  return { train: picturesOf(train, set.classes), test: picturesOf(test, set.classes) };
}
