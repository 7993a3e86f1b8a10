import { checkOptions, HostRandom, hostFoldIn } from "@tenon/tensor";
import { splitTexts, type TrainAndTestTexts } from "./movie-polarity.ts";
import { checkWhole } from "./range.ts";
import { type Seed, seedKey } from "./seed.ts";

export interface OpinionsOptions {
  /** How many, 10,000 by default; a tenth of them is for `test`. */
  readonly count?: number;
  readonly seed?: Seed;
}

const MAX_COUNT = 2 ** 24;

const praise =
  "warm funny moving clever fresh gripping honest graceful bold charming vivid touching witty tender bright rousing";
const blame =
  "dull flat clumsy stale tedious shallow noisy lifeless forced silly bland bloated muddled cold predictable weary";
const [GOOD, BAD] = [praise, blame].map((list) => list.split(" ")) as [string[], string[]];

// biome-ignore format: a table
const SUBJECTS = [
  "film", "story", "script", "cast", "ending", "music", "dialogue", "picture", "plot", "camera", "director", "first half",
  "second half", "humour", "pace", "hero", "villain", "love story", "chase", "mystery",
];
const DEGREES = ["very", "rather", "quite", "truly", "a little", "surprisingly", "often", "always"];
const NEGATIONS = ["not", "never", "hardly", "far from", "anything but"];
const LINKS = [", and", ", while", ";", ", as", " -- and"];
const OPENERS = ["in the end", "for all its length", "on the whole", "from start to finish", "even so", "at its heart"];
// biome-ignore format: a table
const NEUTRAL = [
  "set in a small town by the sea", "based on a novel", "shot in black and white", "told in five chapters",
  "about two brothers and a boat", "with a train in every scene", "made over three summers", "at just under two hours",
];

/**
 * Sentences about films made by rule, in the form of `moviePolarity`, one half praising and the other finding fault.
 *
 * A sentence judges one to three things, all of them in its sense: a good word, or a bad one behind a negation, is
 * praise. A negation stands before two words of five, so that counting good and bad words tells little more than half of
 * the sentences, and neighbouring words tell all. Sentence i depends on the seed and i alone; the same seed gives the
 * same sentences on every machine.
 */
export function opinions(options: OpinionsOptions = {}): TrainAndTestTexts {
  checkOptions("opinions", options, ["count", "seed"]);
  const { count = 10_000, seed = 0 } = options;
  checkWhole("opinions", "count", count, 0, MAX_COUNT);
  const key = seedKey("opinions", "seed", seed);
  const labels = Array.from({ length: count }, (_, i) => i % 2);
  const texts = labels.map((label, i) => sentence(label === 1, new HostRandom(hostFoldIn(key, i))));
  return splitTexts(texts, labels, seed);
}

function sentence(praises: boolean, random: HostRandom): string {
  const one = (list: readonly string[]): string => list[random.integer(list.length)]!;
  const judgement = (): string => {
    const negated = random.integer(5) < 2;
    const word = one(praises !== negated ? GOOD : BAD);
    const degree = random.integer(3) === 0 ? ` ${one(DEGREES)}` : "";
    return `the ${one(SUBJECTS)} is${negated ? ` ${one(NEGATIONS)}` : ""}${degree} ${word}`;
  };
  let text = random.integer(4) === 0 ? `${one(OPENERS)} , ` : "";
  const judgements = 1 + random.integer(3);
  for (let i = 0; i < judgements; i++) text += `${i === 0 ? "" : `${one(LINKS)} `}${judgement()}`;
  if (random.integer(2) === 0) text += `, ${one(NEUTRAL)}`;
  return `${text} .`.replaceAll(/\s*([,;])\s*/g, " $1 ");
}
