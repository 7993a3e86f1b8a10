import { DataError } from "./errors.ts";
import { type IdxArray, parseIdx } from "./idx.ts";
import type { LabelledImages } from "./images.ts";

const CLASSES = 10;

/** The largest file of MNIST unpacks to 47 MB. */
export const MAX_UNPACKED = 2 ** 26; // bytes

/** Pictures with their labels, from the two unpacked files of `part` in `place`. */
export function labelledImages(
  place: string,
  part: string,
  imageBytes: Uint8Array,
  labelBytes: Uint8Array,
): LabelledImages {
  const [images, labels] = [parseIdx(imageBytes), parseIdx(labelBytes)];
  const [count, size, columns] = images.shape;
  if (!(images.data instanceof Uint8Array) || images.shape.length !== 3 || size === undefined || size !== columns) {
    throw misfit(place, `the ${part} images are ${describe(images)}, not uint8 [count, size, size]`);
  }
  if (!(labels.data instanceof Uint8Array) || labels.shape.length !== 1 || labels.shape[0] !== count) {
    throw misfit(place, `the ${part} labels are ${describe(labels)} but the images are ${describe(images)}`);
  }
  const wrong = labels.data.findIndex((label) => label >= CLASSES);
  if (wrong >= 0) throw misfit(place, `label ${wrong} of ${part} is ${labels.data[wrong]}, not a digit`);
  return { images: images.data, labels: labels.data, size };
}

/** A packed file that unpacks to more than it may. */
export const tooLarge = (path: string, cause?: unknown): DataError =>
  new DataError("LimitError", "E767", "mnist", `the file unpacks to more than ${MAX_UNPACKED} bytes`, {
    path,
    fix: "check that this is a file of MNIST",
    cause,
  });

/** A packed file that cannot be unpacked. */
export const damaged = (path: string, cause: unknown): DataError =>
  new DataError("FormatError", "E768", "mnist", `the file cannot be unpacked: ${messageOf(cause)}`, {
    path,
    fix: "fetch the file again",
    cause,
  });

export const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

function misfit(path: string, problem: string): DataError {
  return new DataError("FormatError", "E766", "mnist", problem, {
    path,
    fix: "fetch the four files again from one source",
  });
}

function describe({ dtype, shape }: IdxArray): string {
  return `${dtype} [${shape.join(", ")}]`;
}
