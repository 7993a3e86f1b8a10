import { checkOptions } from "@tenon/tensor";
import { piecesOf } from "./fetch-file.ts";
import { checkMnistOptions, fetchSet } from "./fetch-set.ts";
import { picturesOf, type TrainAndTest } from "./images.ts";
import type { MnistOptions } from "./mnist-options.ts";
import { damaged, labelledImages, MAX_UNPACKED, tooLarge } from "./mnist-parts.ts";
import { fashionMnistSet, filesOf, mnistSet, type PublishedSet } from "./published.ts";

/**
 * MNIST: 60,000 handwritten digits to learn from and 10,000 to be tested with. x (count, 28, 28) from 0 to 1, y (count)
 *
 * In Node the files are looked for in `$TENON_DATA/mnist`, then among those fetched before, then in public mirrors; a page asks
 * the mirrors alone, which must allow it (CORS), and leaves keeping to the browser. What is fetched has to have its known
 * SHA-256. Pixels are kept as bytes and become float32 batch by batch. LeCun, Cortes & Burges, The MNIST database.
 */
export const mnist = (options: MnistOptions = {}): Promise<TrainAndTest> => loadSet(mnistSet, options);

/**
 * Fashion-MNIST: as `mnist`, but articles of clothing, and harder. `train.y.classes` names them.
 *
 * Xiao, Rasul & Vollgraf 2017, arXiv:1708.07747.
 */
export const fashionMnist = (options: MnistOptions = {}): Promise<TrainAndTest> => loadSet(fashionMnistSet, options);

/** A published set by the means of a page. */
export async function loadSet(set: PublishedSet, options: MnistOptions): Promise<TrainAndTest> {
  checkOptions(set.name, options, ["mirrors", "signal", "onProgress", "timeoutMs"]);
  checkMnistOptions(set.name, options);
  const { mirrors = set.mirrors, ...others } = options;
  const advice = "go online, or name a folder with the files that this page may read: { mirrors: [address] }";
  const packed = await fetchSet(set, filesOf(set), { ...others, mirrors, advice, before: [] });
  const unpacked = filesOf(set).map((file) => unpack(packed.get(file)!, file.name));
  const [trainImages, trainLabels, testImages, testLabels] = await Promise.all(unpacked);
  return {
    train: picturesOf(labelledImages(set.name, "train", trainImages!, trainLabels!), set.classes),
    test: picturesOf(labelledImages(set.name, "t10k", testImages!, testLabels!), set.classes),
  };
}

async function unpack(packed: Uint8Array<ArrayBuffer>, name: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  try {
    for await (const piece of piecesOf(stream)) {
      length += piece.length;
      if (length > MAX_UNPACKED) break;
      pieces.push(piece);
    }
  } catch (cause) {
    throw damaged(name, cause);
  }
  if (length > MAX_UNPACKED) throw tooLarge(name);
  const bytes = new Uint8Array(length);
  let filled = 0;
  for (const piece of pieces) {
    bytes.set(piece, filled);
    filled += piece.length;
  }
  return bytes;
}
