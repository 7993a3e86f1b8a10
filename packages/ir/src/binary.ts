/**
 * What files are made of: the binary form of modules, which `binary-layout.ts` describes, the container of a `.tenon` file,
 * and the digests that it holds.
 */
export { moduleFromBinary } from "./binary-read.ts";
export { moduleToBinary } from "./binary-write.ts";
export { readContainer, writeContainer } from "./container.ts";
export { sha256, sha256Hex } from "./sha256.ts";
