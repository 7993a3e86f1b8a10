import type { Index } from "@tenon/lowering";

/** What a number of examples, say, is taken for that is not known. */
const UNKNOWN = 128;

/** What a size is taken for; one that is a multiple of another is so many times it. */
export const likely = (size: Index): number =>
  size.kind === "constant" ? size.value : Math.min(size.high, UNKNOWN * Math.max(1, size.multiple));
