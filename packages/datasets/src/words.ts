import { checkFunction, checkList, checkOptions, valueText } from "@tenon/tensor";
import { checkWhole, outside } from "./range.ts";
import { tokensOf, type Vocabulary } from "./vocabulary.ts";

export interface WordsOptions {
  /** How many different words get numbers, the most frequent; all by default. */
  readonly maxWords?: number;
  /** Words that come more rarely are unknown; 1 by default. */
  readonly minCount?: number;
  /** What cuts a text into words; `splitWords` by default. For text that is cut already: `(text) => text.split(" ")`. */
  readonly split?: (text: string) => readonly string[];
}

/** The number that fills short sequences up, and stands for no word. */
const PADDING = 0;
/** The number of all words that have none of their own. */
const UNKNOWN = 1;

// As Keras's TextVectorization strips it: all of ASCII that is no letter, digit or space.
const PUNCTUATION = /[!-/:-@[-`{-~]/g;

/** The words of a text in lower case, without punctuation: `splitWords("It isn't, no.")` is `["it", "isnt", "no"]`. */
export const splitWords = (text: string): string[] =>
  text
    .toLowerCase()
    .replaceAll(PUNCTUATION, "")
    .split(/\s+/)
    .filter((word) => word !== "");

/**
 * A vocabulary of the words in texts, as Keras's `TextVectorization`: 0 is for padding, 1 for words that are unknown, and
 * the words follow from 2 on, the most frequent first, words of one frequency in the order of their first coming.
 *
 * `encode` gives as many numbers as a text has words, for `padSequences`; `decode` leaves padding out. Make it from the
 * training part alone, as whatever else is fitted to data.
 */
export function words(texts: readonly string[], options: WordsOptions = {}): Vocabulary {
  checkList("words", "the texts", texts, '["one text", "another"]');
  checkOptions("words", options, ["maxWords", "minCount", "split"]);
  const { maxWords = Number.MAX_SAFE_INTEGER, minCount = 1, split = splitWords } = options;
  checkWhole("words", "maxWords", maxWords, 1, Number.MAX_SAFE_INTEGER);
  checkWhole("words", "minCount", minCount, 1, Number.MAX_SAFE_INTEGER);
  checkFunction("words", "split", split);
  const counts = new Map<string, number>();
  for (const text of texts) {
    if (typeof text !== "string") throw outside("words", `a text is ${valueText(text)}`, "give a list of strings");
    for (const word of split(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const frequent = [...counts].filter(([, count]) => count >= minCount).sort(([, a], [, b]) => b - a);
  const tokens = ["", "[UNK]", ...frequent.slice(0, maxWords).map(([word]) => word)];
  const numbers = new Map(tokens.slice(2).map((word, i) => [word, i + 2]));
  return {
    tokens,
    size: tokens.length,
    encode: (text) => Int32Array.from(split(text), (word) => numbers.get(word) ?? UNKNOWN),
    decode(ids) {
      const present = Array.from(ids).filter((id) => id !== PADDING);
      return tokensOf("words", tokens, present).join(" ");
    },
  };
}
