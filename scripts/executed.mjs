import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** @typedef {{ startOffset: number, endOffset: number, count: number }} Range */

/**
 * How often the engine executed what stands at an offset of a file, from the folder that `NODE_V8_COVERAGE` named. Types are
 * blanked before a file runs, so that offsets are those of its source.
 *
 * @returns {(url: string) => (offset: number) => number}
 */
export function executions(/** @type {string} */ folder) {
  /** @type {Map<string, Range[]>} */
  const files = new Map();
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const { result } = JSON.parse(readFileSync(join(folder, name), "utf8"));
    for (const { url, functions } of result)
      files.set(url, [
        ...(files.get(url) ?? []),
        ...functions.flatMap((/** @type {{ ranges: Range[] }} */ f) => f.ranges),
      ]);
  }
  return (url) => {
    const ranges = (files.get(url) ?? []).sort((a, b) => a.endOffset - a.startOffset - (b.endOffset - b.startOffset));
    return (offset) =>
      ranges.find(({ startOffset, endOffset }) => startOffset <= offset && offset < endOffset)?.count ?? 0;
  };
}
