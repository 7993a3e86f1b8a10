import { checkOptions, HostRandom } from "@tenon/tensor";
import { checkWhole } from "./range.ts";
import { type Seed, seedKey } from "./seed.ts";
import { type SplitText, splitText } from "./shakespeare.ts";

export interface VersesOptions {
  /** How many characters, 500,000 by default. */
  readonly length?: number;
  readonly seed?: Seed;
}

const MAX_LENGTH = 2 ** 26;

/** What a name in braces in a line may stand for. */
const grammar: Readonly<Record<string, readonly string[]>> = {
  line: [
    "The {adjective} {noun} {verb} the {noun},",
    "And {adjective} {nouns} {verbs} upon the {place}.",
    "Shall I {verbs} thee like a {adjective} {noun}?",
    "O {noun}, why dost thou {verbs} my {adjective} {noun}?",
    "Where {nouns} {verbs}, there {verb} the {noun} too;",
    "My {relation}, the {place} is full of {nouns}.",
    "No {noun} so {adjective} ever {verb} the {place}!",
    "{greeting}, good {relation}! What {noun} {verb} thee?",
    "If {nouns} {verbs}, then let the {noun} be {adjective}.",
    "For {number} {nouns} have I {participle} the {noun},",
    "Nor {noun} nor {noun} shall {verbs} this {adjective} {place}.",
    "Thou {adjective} {noun}, thou {participle} {relation}:",
  ],
  adjective: [
    "gentle",
    "weary",
    "golden",
    "bitter",
    "silent",
    "noble",
    "hollow",
    "merry",
    "pale",
    "cunning",
    "faithful",
    "cold",
  ],
  noun: [
    "moon",
    "crown",
    "sword",
    "heart",
    "lantern",
    "river",
    "winter",
    "shadow",
    "raven",
    "promise",
    "window",
    "flame",
  ],
  nouns: [
    "moons",
    "crowns",
    "swords",
    "hearts",
    "lanterns",
    "rivers",
    "winters",
    "shadows",
    "ravens",
    "promises",
    "flames",
  ],
  verb: ["guards", "breaks", "follows", "mocks", "awakens", "forgets", "betrays", "carries", "mourns", "crosses"],
  verbs: ["guard", "break", "follow", "mock", "awaken", "forget", "betray", "carry", "mourn", "cross"],
  participle: ["guarded", "broken", "followed", "mocked", "forgotten", "betrayed", "carried", "mourned", "crossed"],
  place: ["castle", "garden", "forest", "harbour", "chapel", "market", "bridge", "tower"],
  relation: ["lord", "lady", "cousin", "brother", "sister", "captain", "stranger", "queen"],
  greeting: ["Welcome", "Farewell", "Good morrow", "Peace", "Well met"],
  number: ["two", "three", "seven", "twelve", "a hundred", "a thousand"],
};

const FIRST = ["First", "Second", "Old", "Young"];
const TRADES = ["Miller", "Sailor", "Soldier", "Gravedigger", "Weaver", "Watchman"];
const NAMES = ["AUDELIN", "BRIOSA", "CORVINO", "DUNMERE", "ELISAR", "FENWICK", "GALANTA", "HESPER"];

/**
 * A play made by rule, in the form of `shakespeare`: speakers with one to five lines each, from a small grammar.
 *
 * Its words and sentences are few, so that small networks learn them; which noun or name comes next is by chance. A
 * shorter text is the beginning of a longer one, and the same seed gives the same text on every machine.
 */
export function verses(options: VersesOptions = {}): SplitText {
  checkOptions("verses", options, ["length", "seed"]);
  const { length = 500_000, seed = 0 } = options;
  checkWhole("verses", "length", length, 1, MAX_LENGTH);
  const random = new HostRandom(seedKey("verses", "seed", seed));
  const one = (list: readonly string[]): string => list[random.integer(list.length)]!;
  const filled = (rule: string): string =>
    rule.replaceAll(/\{(\w+)\}/g, (_, name: string) => filled(one(grammar[name]!)));
  const parts: string[] = [];
  for (let written = 0; written < length; ) {
    const speaker = random.integer(3) === 0 ? `${one(FIRST)} ${one(TRADES)}` : one(NAMES);
    const lines = Array.from({ length: 1 + random.integer(5) }, () => filled(one(grammar.line!)));
    const speech = `${speaker}:\n${lines.join("\n")}\n\n`;
    parts.push(speech);
    written += speech.length;
  }
  return splitText(parts.join("").slice(0, length));
}
