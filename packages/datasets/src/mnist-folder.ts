import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { DataError } from "./errors.ts";
import type { LabelledImages } from "./images.ts";
import { damaged, labelledImages, MAX_UNPACKED, messageOf, tooLarge } from "./mnist-parts.ts";
import { filesOf, mnistSet } from "./published.ts";

const PIECE = 2 ** 20; // bytes that are unpacked at a time: fewer trips between threads than with zlib's 2¹⁴

/**
 * MNIST's 60,000 training and 10,000 test digits from a folder with the four original gzip files.
 *
 * Fashion-MNIST and other sets with the same four file names are read too. Pictures are square, labels are below 10.
 */
export async function mnistFolder(path: string): Promise<{ train: LabelledImages; test: LabelledImages }> {
  const paths = filesOf(mnistSet).map(({ name }) => join(path, name));
  return unpackParts(path, await Promise.all(paths.map(readWhole)), paths);
}

/** Both parts from the packed bytes of the four files, which came from `paths` in `place`. */
export async function unpackParts(
  place: string,
  packed: readonly Uint8Array[],
  paths: readonly string[],
): Promise<{ train: LabelledImages; test: LabelledImages }> {
  const unpacked = await Promise.all(packed.map((bytes, i) => unpack(bytes, paths[i]!)));
  return {
    train: labelledImages(place, "train", unpacked[0]!, unpacked[1]!),
    test: labelledImages(place, "t10k", unpacked[2]!, unpacked[3]!),
  };
}

function readWhole(path: string): Promise<Uint8Array> {
  return readFile(path).catch((cause: unknown) => {
    throw new DataError("StorageError", "E769", "mnist", `cannot read the file: ${messageOf(cause)}`, {
      path,
      fix: "put the four original files of MNIST into the folder",
      cause,
    });
  });
}

function unpack(packed: Uint8Array, path: string): Promise<Uint8Array> {
  return promisify(gunzip)(packed, { maxOutputLength: MAX_UNPACKED, chunkSize: PIECE }).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(path, cause);
    throw damaged(path, cause);
  });
}
