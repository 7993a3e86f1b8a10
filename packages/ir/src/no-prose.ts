import type * as prose from "./prose.ts";

/*
 * The place of `prose.ts` in bundles of pages, whose errors have values and no texts. Lines of a bundle tell nobody where a
 * mistake is.
 */

/** A value as short as it can be told: `0`, `text`, `object`. */
export const valueText: typeof prose.valueText = (value) =>
  typeof value === "object" || typeof value === "function" ? typeof value : String(value);

export const nearest: typeof prose.nearest = () => undefined;
export const didYouMean: typeof prose.didYouMean = () => "";
export const sourceLine: typeof prose.sourceLine = () => undefined;

const nothing = (): never => undefined as never;
export const tensorFix: typeof prose.tensorFix = nothing;
export const matmulFix: typeof prose.matmulFix = nothing;
export const elementsFix: typeof prose.elementsFix = nothing;
