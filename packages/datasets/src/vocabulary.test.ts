import { expect, test } from "vitest";
import { characters, splitWords, words } from "./index.ts";

test("characters are numbered in the order of their code points, and decode gives the text again", () => {
  const letters = characters("no, no! 🎭");
  expect(letters.tokens).toEqual([" ", "!", ",", "n", "o", "🎭"]);
  expect([letters.size, letters.encode("on 🎭")]).toEqual([6, Int32Array.of(4, 3, 0, 5)]);
  expect(letters.decode(letters.encode("no, no! 🎭"))).toBe("no, no! 🎭");
  expect(() => letters.encode("now")).toThrowErrorMatchingInlineSnapshot(`
    [FormatError E778 characters: "w" at 2 is none of the characters.
      fix: make the vocabulary from a text that has it, or leave it out.]
  `);
  expect(() => letters.decode([0, 6])).toThrow(/number 1 is 6, outside the 6 tokens/);
  expect(() => characters("")).toThrow(/the text is ""/);
});

test("words are numbered by frequency after padding and unknown", () => {
  const vocabulary = words(["The cat sat.", "the cat ran", "A dog, the dog!"]);
  expect(vocabulary.tokens).toEqual(["", "[UNK]", "the", "cat", "dog", "sat", "ran", "a"]);
  expect(vocabulary.encode("The DOG saw the cat")).toEqual(Int32Array.of(2, 4, 1, 2, 3));
  expect(vocabulary.decode([0, 0, 2, 1, 3])).toBe("the [UNK] cat");
  expect(() => vocabulary.decode([2, 99])).toThrow(/is 99, outside the 8 tokens/);
});

test("rare words, and those beyond the largest number, are unknown", () => {
  const texts = ["b a a", "c a b"];
  expect(words(texts, { minCount: 2 }).tokens.slice(2)).toEqual(["a", "b"]);
  expect(words(texts, { maxWords: 1 }).tokens.slice(2)).toEqual(["a"]);
  expect(words(["1 : 2"], { split: (text) => text.split(" ") }).tokens.slice(2)).toEqual(["1", ":", "2"]);
  expect(() => words("a b" as never)).toThrow(/the texts/);
  expect(() => words(["a"], { maxWord: 3 } as never)).toThrow(/did you mean maxWords\?/);
});

test("words are cut as by Keras: lower case, no punctuation, at white space", () => {
  expect(splitWords(" It isn't,\tso-called\n ÉTÉ. ")).toEqual(["it", "isnt", "socalled", "été"]);
  expect(splitWords(" ... ")).toEqual([]);
});
