import type { FileOptions } from "./file-options.ts";
import { type LoadFiles, loadFiles } from "./load-files.ts";
import { linesOf, textOf } from "./text-file.ts";
import { namesSet } from "./text-sets.ts";

/**
 * 32,033 first names in lower case, of 2 to 15 letters, the most frequent first: what a model of characters learns in seconds.
 *
 * In Node the file `names.txt` is looked for in `$TENON_DATA/names`, packed or not, then among those fetched before, then in a
 * public mirror; a page asks the mirror alone. Karpathy 2022, makemore.
 */
export const firstNames = (options: FileOptions = {}): Promise<readonly string[]> => loadNames(options);

/** The names from a file that is loaded in one way or another. */
export async function loadNames(options: FileOptions, load: LoadFiles = loadFiles): Promise<readonly string[]> {
  const [file] = await load(namesSet, options);
  return linesOf(textOf(namesSet.name, file!));
}
