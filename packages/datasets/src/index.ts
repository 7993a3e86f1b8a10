export { airlinePassengers, type Series } from "./airline-passengers.ts";
export { Batches, type BatchOptions } from "./batches.ts";
export { type BlobsOptions, blobs } from "./blobs.ts";
export { characters } from "./characters.ts";
export { type CirclesOptions, circles } from "./circles.ts";
export { type CoinedNamesOptions, coinedNames } from "./coined-names.ts";
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
export { type Endless, endless } from "./endless.ts";
export { DataError, type DataErrorDetails } from "./errors.ts";
export type { FetchProgress, FileOptions } from "./file-options.ts";
export { firstNames } from "./first-names.ts";
export { type IdxArray, type IdxData, parseIdx } from "./idx.ts";
export type { LabelledImages, TrainAndTest } from "./images.ts";
export { iris } from "./iris.ts";
export { type LineOptions, line } from "./line.ts";
export { fashionMnist, mnist } from "./mnist.ts";
export { moons } from "./moons.ts";
export {
  type LabelledTexts,
  type MoviePolarityOptions,
  moviePolarity,
  type TrainAndTestTexts,
} from "./movie-polarity.ts";
export { normalize } from "./normalize.ts";
export { type OfClassesOptions, ofClasses, type PerClassOptions, perClass } from "./of-classes.ts";
export { oneHot } from "./one-hot.ts";
export { type OpinionsOptions, opinions } from "./opinions.ts";
export { type PadSequencesOptions, padSequences } from "./pad-sequences.ts";
export { type PassengersOptions, passengers } from "./passengers.ts";
export type { PointsOptions } from "./points.ts";
export type { Seed } from "./seed.ts";
export { type SplitText, shakespeare } from "./shakespeare.ts";
export { type SlidingWindowsOptions, slidingWindows } from "./sliding-windows.ts";
export { type SpiralsOptions, spirals } from "./spirals.ts";
export { fitStandardizer, type Moments, type Standardizer, type StandardizerOptions } from "./standardize.ts";
export {
  type RandomTokenWindowsOptions,
  randomTokenWindows,
  type TokenWindowsOptions,
  tokenWindows,
} from "./token-windows.ts";
export { type VersesOptions, verses } from "./verses.ts";
export type { Vocabulary } from "./vocabulary.ts";
export { wine } from "./wine.ts";
export { splitWords, type WordsOptions, words } from "./words.ts";
export { xor } from "./xor.ts";
