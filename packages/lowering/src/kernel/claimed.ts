import { substituteIndex } from "../index-fold.ts";
import type { Index } from "../index-node.ts";
import type { ClaimedResult, Statement, Value } from "./kernel.ts";
import { changeIndices } from "./walk.ts";

/**
 * What is done with the element of a result at an index, which is made of a kernel's own variables: `flattened` gives the index of
 * axes that it loops over as one. With an `element`, this value takes the place of the given one, which else stays the same object.
 */
export function epilogueAt(
  { axes, epilogue, given }: ClaimedResult,
  index: readonly Index[],
  element: Value = given,
): readonly Statement[] {
  const replaced = new Map<Index, Index>(axes.map(({ variable }, i) => [variable, index[i]!]));
  const made = new Map<unknown, unknown>([[given, element]]);
  return changeIndices(epilogue, (node) => substituteIndex(node as Index, replaced), made);
}
