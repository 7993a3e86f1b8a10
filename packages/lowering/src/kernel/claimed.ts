import { substituteIndex } from "../index-fold.ts";
import type { Index } from "../index-node.ts";
import type { ClaimedResult, Statement } from "./kernel.ts";
import { changeIndices } from "./walk.ts";

/**
 * What is done with the element of a result at an index, which is made of a kernel's own variables: `flattened` gives the index of
 * axes that it loops over as one. The given value stays the same object.
 */
export function epilogueAt({ axes, epilogue }: ClaimedResult, index: readonly Index[]): readonly Statement[] {
  const replaced = new Map<Index, Index>(axes.map(({ variable }, i) => [variable, index[i]!]));
  return changeIndices(epilogue, (node) => substituteIndex(node as Index, replaced));
}
