import type * as prose from "./prose.ts";

/*
 * The place of `prose.ts` in bundles of pages, whose errors have values and no texts. Lines of a bundle tell nobody where a
 * mistake is.
 */

/** A value as short as it can be told: `0`, `text`, `object`. */
export const valueText: typeof prose.valueText = (value) =>
  typeof value === "object" || typeof value === "function" ? typeof value : String(value);

/*
 * The rest says nothing, in functions without a body: a call of one is nothing at all in a bundle.
 */

export function nearest(): undefined {}
export function didYouMean(): any {}
export function sourceLine(): undefined {}
export function tensorFix(): any {}
export function matmulFix(): any {}
export function elementsFix(): any {}
