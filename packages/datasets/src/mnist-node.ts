import type { FileOptions } from "./file-options.ts";
import type { TrainAndTest } from "./images.ts";
import { loadFiles } from "./load-files-node.ts";
import { loadPictures } from "./mnist.ts";
import { fashionMnistSet, mnistSet } from "./picture-sets.ts";

export const mnist = (options: FileOptions = {}): Promise<TrainAndTest> => loadPictures(mnistSet, options, loadFiles);

export const fashionMnist = (options: FileOptions = {}): Promise<TrainAndTest> =>
  loadPictures(fashionMnistSet, options, loadFiles);
