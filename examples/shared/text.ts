import { characters, DataError, type SplitText, shakespeare, type Vocabulary, verses } from "@tenon/datasets";
import type { HostRandom } from "@tenon/tensor";

/** The texts that the examples know. */
export const textSets = ["shakespeare", "verses"] as const;
export type TextSet = (typeof textSets)[number];

/** A text as numbers of characters. */
export interface Letters {
  readonly name: TextSet;
  readonly vocabulary: Vocabulary;
  readonly train: Int32Array;
  readonly test: Int32Array;
}

const MADE = 300_000; // characters of the text made by rule
const MIRROR_TIMEOUT_MS = 4000;

/** The text that is wanted. Without a wish it is Shakespeare, and where he is neither here nor can be fetched, verses made by rule. */
export async function loadLetters(wanted: TextSet | undefined): Promise<Letters> {
  if (wanted === "verses") return lettersOf("verses", verses({ length: MADE }));
  try {
    return lettersOf("shakespeare", await shakespeare({ timeoutMs: MIRROR_TIMEOUT_MS }));
  } catch (error) {
    if (wanted !== undefined || !(error instanceof DataError)) throw error;
    console.log("Shakespeare is not here and cannot be fetched, so these are verses made by rule.");
    return loadLetters("verses");
  }
}

function lettersOf(name: TextSet, { text, train, test }: SplitText): Letters {
  const vocabulary = characters(text);
  return { name, vocabulary, train: vocabulary.encode(train), test: vocabulary.encode(test) };
}

/** The loss of always foretelling each character as often as it comes: the entropy of their frequencies, in nats. */
export function frequencyLoss({ vocabulary, train, test }: Letters): number {
  const counts = new Float64Array(vocabulary.size).fill(1); // so that none is impossible
  for (const id of train) counts[id]!++;
  const all = train.length + vocabulary.size;
  return test.reduce((sum, id) => sum - Math.log(counts[id]! / all), 0) / test.length;
}

/** Draws a number with the probabilities that logits say; a low temperature prefers the likely ones. */
export function draw(logits: ArrayLike<number>, random: HostRandom, temperature = 0.8): number {
  const scores = Array.from(logits, (x) => x / temperature);
  const most = Math.max(...scores);
  const weights = scores.map((x) => Math.exp(x - most));
  let rest = random.next() * weights.reduce((a, b) => a + b);
  return Math.max(
    weights.findIndex((weight) => (rest -= weight) < 0),
    0,
  );
}
