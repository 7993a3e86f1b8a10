import type { FileOptions } from "./file-options.ts";
import { type LoadFiles, loadFiles } from "./load-files.ts";
import { textOf } from "./text-file.ts";
import { tinyShakespeareSet } from "./text-sets.ts";

/** A text, of which the beginning is learned from, and the end is to be tested with. */
export interface SplitText {
  readonly text: string;
  readonly train: string;
  readonly test: string;
}

const TRAIN_SHARE = 0.9; // the usual split of this text, as in nanoGPT

/**
 * Tiny Shakespeare: 40,000 lines of his plays, 1,115,394 characters, 65 different ones. The first nine tenths are
 * `train`.
 *
 * In Node the file is looked for in `$TENON_DATA/tiny-shakespeare`, packed or not, then among those fetched before, then
 * in a public mirror; a page asks the mirror alone. Karpathy 2015, The unreasonable effectiveness of recurrent neural
 * networks.
 */
export const shakespeare = (options: FileOptions = {}): Promise<SplitText> => loadShakespeare(options);

/** The text from a file that is loaded in one way or another. */
export async function loadShakespeare(options: FileOptions, load: LoadFiles = loadFiles): Promise<SplitText> {
  const [file] = await load(tinyShakespeareSet, options);
  return splitText(textOf(tinyShakespeareSet.name, file!));
}

/** The first nine tenths of a text, and the rest. */
export function splitText(text: string): SplitText {
  const train = Math.floor(text.length * TRAIN_SHARE);
  return { text, train: text.slice(0, train), test: text.slice(train) };
}
