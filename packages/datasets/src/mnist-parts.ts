import { DataError } from "./errors.ts";
import { type IdxArray, parseIdx } from "./idx.ts";
import type { LabelledImages } from "./images.ts";
import type { LoadedFile } from "./load-files.ts";

const CLASSES = 10;

/** Both parts of a set in the form of MNIST, from its four files. */
export function trainAndTest(files: readonly LoadedFile[]): { train: LabelledImages; test: LabelledImages } {
  const [trainImages, trainLabels, testImages, testLabels] = files as [LoadedFile, LoadedFile, LoadedFile, LoadedFile];
  return { train: labelledImages(trainImages, trainLabels), test: labelledImages(testImages, testLabels) };
}

function labelledImages(imageFile: LoadedFile, labelFile: LoadedFile): LabelledImages {
  const [images, labels] = [imageFile, labelFile].map(({ bytes, path }) => parseIdx(bytes, path)) as [
    IdxArray,
    IdxArray,
  ];
  const [count, size, columns] = images.shape;
  if (!(images.data instanceof Uint8Array) || images.shape.length !== 3 || size === undefined || size !== columns) {
    throw misfit(imageFile.path, `the images are ${describe(images)}, not uint8 [count, size, size]`);
  }
  if (!(labels.data instanceof Uint8Array) || labels.shape.length !== 1 || labels.shape[0] !== count) {
    throw misfit(labelFile.path, `the labels are ${describe(labels)} but the images are ${describe(images)}`);
  }
  const wrong = labels.data.findIndex((label) => label >= CLASSES);
  if (wrong >= 0) throw misfit(labelFile.path, `label ${wrong} is ${labels.data[wrong]}, not a digit`);
  return { images: images.data, labels: labels.data, size };
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
