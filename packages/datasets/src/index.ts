export { type DigitsOptions, digits } from "./digits.ts";
export { DataError, type DataErrorDetails } from "./errors.ts";
export { type IdxArray, type IdxData, parseIdx } from "./idx.ts";
export type { LabelledImages } from "./images.ts";
