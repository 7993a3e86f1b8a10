export { Batches, type BatchOptions } from "./batches.ts";
export { type BlobsOptions, blobs } from "./blobs.ts";
export { type CirclesOptions, circles } from "./circles.ts";
export {
  Column,
  type ColumnArray,
  type ColumnDType,
  type ColumnLike,
  type ColumnNames,
  column,
  type NestedNumbers,
} from "./column.ts";
export { type CsvLimits, type CsvOptions, readCsv } from "./csv.ts";
export type { CsvType } from "./csv-column.ts";
export {
  type Columns,
  type Dataset,
  dataset,
  type Examples,
  type Fold,
  isDataset,
  type StratifyOptions,
} from "./dataset.ts";
export { type DigitsOptions, digits } from "./digits.ts";
export { type DrawDigitsOptions, drawDigits } from "./draw-digits.ts";
export { DataError, type DataErrorDetails } from "./errors.ts";
export { type IdxArray, type IdxData, parseIdx } from "./idx.ts";
export type { LabelledImages, TrainAndTest } from "./images.ts";
export { iris } from "./iris.ts";
export { type LineOptions, line } from "./line.ts";
export { fashionMnist, mnist } from "./mnist.ts";
export type { FetchProgress, MnistOptions } from "./mnist-options.ts";
export { moons } from "./moons.ts";
export { normalize } from "./normalize.ts";
export { oneHot } from "./one-hot.ts";
export type { PointsOptions } from "./points.ts";
export type { Seed } from "./seed.ts";
export { type SpiralsOptions, spirals } from "./spirals.ts";
export { fitStandardizer, type Moments, type Standardizer, type StandardizerOptions } from "./standardize.ts";
export { wine } from "./wine.ts";
export { xor } from "./xor.ts";
