import { valueText } from "@tenon/tensor";
import { outside } from "./range.ts";
import { tokensOf, unknownToken, type Vocabulary } from "./vocabulary.ts";

/**
 * A vocabulary of all characters in a text, numbered from 0 in the order of their code points.
 *
 * `const letters = characters(text)`, then `letters.encode(text)` are the numbers that a character model learns from, and
 * `letters.decode(ids)` is the text again. A character that the text did not have is an error.
 */
export function characters(text: string): Vocabulary {
  if (typeof text !== "string" || text === "") {
    throw outside("characters", `the text is ${valueText(text)}`, "give a string with every character that will come");
  }
  const points = [...new Set(text)].map((character) => character.codePointAt(0)!);
  const tokens = points.sort((a, b) => a - b).map((point) => String.fromCodePoint(point));
  const numbers = new Map(tokens.map((token, id) => [token, id]));
  return {
    tokens,
    size: tokens.length,
    encode(text) {
      const ids: number[] = [];
      for (const character of text) {
        const id = numbers.get(character);
        if (id === undefined) throw unknownToken("characters", character, ids.length);
        ids.push(id);
      }
      return Int32Array.from(ids);
    },
    decode: (ids) => tokensOf("characters", tokens, ids).join(""),
  };
}
