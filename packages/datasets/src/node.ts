import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { DataError } from "./errors.ts";
import { type IdxArray, parseIdx } from "./idx.ts";
import type { LabelledImages } from "./images.ts";

/**
 * MNIST's 60,000 training and 10,000 test digits from a folder with the four original gzip files.
 *
 * Fashion-MNIST and other sets with the same four file names are read too. Pictures are square, labels are below 10.
 */
export async function mnistFolder(path: string): Promise<{ train: LabelledImages; test: LabelledImages }> {
  const [train, test] = await Promise.all([labelledImages(path, "train"), labelledImages(path, "t10k")]);
  return { train, test };
}

const CLASSES = 10;

async function labelledImages(folder: string, part: string): Promise<LabelledImages> {
  const [images, labels] = await Promise.all([
    readIdx(join(folder, `${part}-images-idx3-ubyte.gz`)),
    readIdx(join(folder, `${part}-labels-idx1-ubyte.gz`)),
  ]);
  const [count, size, columns] = images.shape;
  if (!(images.data instanceof Uint8Array) || images.shape.length !== 3 || size === undefined || size !== columns) {
    throw misfit(folder, `the ${part} images are ${describe(images)}, not uint8 [count, size, size]`);
  }
  if (!(labels.data instanceof Uint8Array) || labels.shape.length !== 1 || labels.shape[0] !== count) {
    throw misfit(folder, `the ${part} labels are ${describe(labels)} but the images are ${describe(images)}`);
  }
  const wrong = labels.data.findIndex((label) => label >= CLASSES);
  if (wrong >= 0) throw misfit(folder, `label ${wrong} of ${part} is ${labels.data[wrong]}, not a digit`);
  return { images: images.data, labels: labels.data, size };
}

const MAX_UNPACKED = 2 ** 26; // bytes; the largest file of MNIST unpacks to 47 MB

async function readIdx(path: string): Promise<IdxArray> {
  const packed = await readFile(path).catch((cause: unknown) => {
    throw new DataError("StorageError", "E769", "mnist", `cannot read the file: ${messageOf(cause)}`, {
      path,
      fix: "put the four original files of MNIST into the folder",
      cause,
    });
  });
  const bytes = await promisify(gunzip)(packed, { maxOutputLength: MAX_UNPACKED }).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
      throw new DataError("LimitError", "E767", "mnist", `the file unpacks to more than ${MAX_UNPACKED} bytes`, {
        path,
        fix: "check that this is a file of MNIST",
        cause,
      });
    }
    throw new DataError("FormatError", "E768", "mnist", `the file cannot be unpacked: ${messageOf(cause)}`, {
      path,
      fix: "fetch the file again",
      cause,
    });
  });
  return parseIdx(bytes);
}

function misfit(path: string, problem: string): DataError {
  return new DataError("FormatError", "E766", "mnist", problem, {
    path,
    fix: "fetch the four files again from one source",
  });
}

function describe({ dtype, shape }: IdxArray): string {
  return `${dtype} [${shape.join(", ")}]`;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
