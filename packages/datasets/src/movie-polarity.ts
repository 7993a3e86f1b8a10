import { Column } from "./column.ts";
import { dataset } from "./dataset.ts";
import type { FileOptions } from "./file-options.ts";
import { type LoadFiles, loadFiles } from "./load-files.ts";
import type { Seed } from "./seed.ts";
import { linesOf, textOf } from "./text-file.ts";
import { moviePolaritySet } from "./text-sets.ts";

/** Texts with a class each. */
export interface LabelledTexts {
  readonly texts: readonly string[];
  /** (count), int32 with the names of the classes */
  readonly y: Column;
}

/** Texts to learn from and others of the same kind to be tested with. */
export interface TrainAndTestTexts {
  readonly train: LabelledTexts;
  readonly test: LabelledTexts;
}

export interface MoviePolarityOptions extends FileOptions {
  /** By which a tenth is set aside for `test`; 0 by default. */
  readonly seed?: Seed;
}

export const polarityNames: readonly string[] = ["negative", "positive"];

const SPLIT = [0.9, 0.1] as const;

/**
 * Sentences from reviews of films, 5,331 that find fault and 5,331 that praise, in lower case and with spaces between all
 * tokens. Nine tenths of each kind are `train`.
 *
 * In Node the files `rt-polarity.neg` and `rt-polarity.pos` are looked for in `$TENON_DATA/sentiment`, packed or not,
 * then among those fetched before, then in a public mirror; a page asks the mirror alone. Pang & Lee 2005, Seeing stars:
 * exploiting class relationships for sentiment categorization with respect to rating scales, arXiv:cs/0506075.
 */
export const moviePolarity = (options: MoviePolarityOptions = {}): Promise<TrainAndTestTexts> =>
  loadMoviePolarity(options);

/** The sentences from files that are loaded in one way or another. */
export async function loadMoviePolarity(
  { seed = 0, ...options }: MoviePolarityOptions,
  load: LoadFiles = loadFiles,
): Promise<TrainAndTestTexts> {
  const files = await load(moviePolaritySet, options, ["seed"]);
  const sentences = files.map((file) => linesOf(textOf(moviePolaritySet.name, file, { latin: true })));
  const labels = sentences.flatMap((list, label) => list.map(() => label));
  return splitTexts(sentences.flat(), labels, seed);
}

/** Sets a tenth of the texts of each class aside. */
export function splitTexts(texts: readonly string[], labels: readonly number[], seed: Seed): TrainAndTestTexts {
  const row = Int32Array.from(texts.keys());
  const y = new Column(Int32Array.from(labels), [texts.length], { classes: polarityNames });
  const parts = dataset({ row, y }).split(SPLIT, seed, { stratify: "y" });
  const [train, test] = parts.map((part) => ({ texts: Array.from(part.row.data, (i) => texts[i]!), y: part.y }));
  return { train: train!, test: test! };
}
