import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { coinedNames, opinions, passengers, verses } from "./index.ts";

const digest = (text: string | Float32Array) => createHash("sha256").update(text).digest("hex").slice(0, 16);

test("the same seed gives the same bytes on every machine", () => {
  const { train, test: unseen } = opinions({ count: 1000 });
  expect({
    verses: digest(verses({ length: 100_000 }).text),
    opinions: digest([...train.texts, ...unseen.texts].join("\n")),
    passengers: digest(passengers().values),
    names: digest(coinedNames().join("\n")),
  }).toMatchInlineSnapshot(`
    {
      "names": "48bf85ad6eb3b7c4",
      "opinions": "db93f37249e0ee15",
      "passengers": "87c683e374dfb107",
      "verses": "fb175a80fd09f002",
    }
  `);
});

test("less is the beginning of more, and another seed gives something else", () => {
  const text = verses({ length: 5000 }).text;
  expect([text.length, verses({ length: 800 }).text]).toEqual([5000, text.slice(0, 800)]);
  expect(verses({ length: 5000, seed: 1 }).text).not.toBe(text);
  const { values } = passengers();
  expect(passengers({ months: 30 }).values).toEqual(values.slice(0, 30));
  expect(passengers({ seed: 1 }).values).not.toEqual(values);
  const sentences = ({ train, test: unseen }: ReturnType<typeof opinions>) =>
    new Set([...train.texts, ...unseen.texts]);
  const many = sentences(opinions({ count: 100 }));
  for (const sentence of sentences(opinions({ count: 20 }))) expect(many).toContain(sentence);
});

test("names have 2 to 15 letters, and begin as those of a smaller number", () => {
  const names = coinedNames({ count: 2000 });
  for (const name of names) expect(name).toMatch(/^[a-z]{2,15}$/);
  expect(coinedNames({ count: 5 })).toEqual(names.slice(0, 5));
  expect(new Set(names).size).toBeGreaterThan(1500);
});

test("verses have speakers, and words that make no braces", () => {
  const { text, train, test: unseen } = verses({ length: 20_000 });
  expect(train + unseen).toBe(text);
  expect(unseen).toHaveLength(2000);
  expect(text).toMatch(/^[A-Z][A-Za-z ]+:\n[A-Z]/);
  expect(text).not.toMatch(/[{}]|undefined/);
});

test("single words tell little of an opinion, a negation with its word tells it", () => {
  const { train, test: unseen } = opinions({ count: 4000 });
  expect([train.texts.length, unseen.texts.length]).toEqual([3600, 400]);
  const good = new Set("warm funny moving clever fresh gripping honest graceful bold charming vivid".split(" "));
  const more = "touching witty tender bright rousing".split(" ");
  for (const word of more) good.add(word);
  const bad =
    /\b(dull|flat|clumsy|stale|tedious|shallow|noisy|lifeless|forced|silly|bland|bloated|muddled|cold|predictable|weary)\b/;
  const negation = /\b(not|never|hardly|far from|anything but)\b/;
  let [counted, read] = [0, 0];
  for (const [i, text] of train.texts.entries()) {
    const first = text.split(/ [,;] | -- /).find((part) => / is /.test(part))!;
    const praised = first.split(" ").some((word) => good.has(word));
    expect(praised).toBe(!bad.test(first));
    const label = train.y.data[i];
    if (praised === (label === 1)) counted++;
    if ((praised !== negation.test(first)) === (label === 1)) read++;
  }
  expect(read).toBe(train.texts.length);
  expect(counted / train.texts.length).toBeLessThan(0.65);
});

test("passengers grow, with a season of a year that grows along", () => {
  const { times, values } = passengers({ noise: 0 });
  expect([times[0], times[143]]).toEqual(["1949-01", "1960-12"]);
  const years = Array.from({ length: 12 }, (_, y) => [...values.slice(12 * y, 12 * y + 12)]);
  const means = years.map((year) => year.reduce((a, b) => a + b) / 12);
  for (let y = 1; y < 12; y++) expect(means[y]).toBeGreaterThan(means[y - 1]!);
  const heights = years.map((year) => Math.max(...year) - Math.min(...year));
  expect(heights[11]!).toBeGreaterThan(2 * heights[0]!);
  expect(() => passengers({ months: 1.5 })).toThrow(/months is 1.5, not a whole number/);
  expect(() => verses({ lenght: 3 } as never)).toThrow(/did you mean length\?/);
});
