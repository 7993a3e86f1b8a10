import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { airlinePassengers as passengersInPage } from "./index.ts";
import { airlinePassengers, firstNames, moviePolarity, shakespeare } from "./node.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tenon-texts-"));
  for (const name of ["TENON_DATA", "TENON_MIRROR"]) vi.stubEnv(name, "");
  vi.stubEnv("TENON_CACHE", join(folder, "cache"));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function faultOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.catch((caught: unknown) => caught);
  return String(error).replaceAll(folder, "…");
}

test("a text is read as it is or packed, its first nine tenths to learn from", async () => {
  await writeFile(join(folder, "input.txt.gz"), gzipSync("To be, or not to be."));
  expect(await shakespeare({ folder })).toEqual({
    text: "To be, or not to be.",
    train: "To be, or not to b",
    test: "e.",
  });
  await writeFile(join(folder, "input.txt"), "Ay,\r\nthere's the rub.");
  expect((await shakespeare({ folder })).text).toBe("Ay,\nthere's the rub.");
  await mkdir(join(folder, "data/tiny-shakespeare"), { recursive: true });
  await writeFile(join(folder, "data/tiny-shakespeare/input.txt"), "words, words, words");
  vi.stubEnv("TENON_DATA", join(folder, "data"));
  expect((await shakespeare()).text).toBe("words, words, words");
});

test("sentences are read in UTF-8 or ISO 8859-1, and a tenth of each class is set aside by the seed", async () => {
  const lines = (kind: string) => Array.from({ length: 20 }, (_, i) => `${kind} ${i} é \n`).join("");
  await writeFile(join(folder, "rt-polarity.neg"), Buffer.from(lines("bad"), "latin1"));
  await writeFile(join(folder, "rt-polarity.pos.gz"), gzipSync(lines("good")));
  const { train, test: unseen } = await moviePolarity({ folder });
  expect([train.texts.length, unseen.texts.length, unseen.y.classes]).toEqual([36, 4, ["negative", "positive"]]);
  expect(new Set([...train.texts, ...unseen.texts]).size).toBe(40);
  for (const { texts, y } of [train, unseen]) {
    expect(texts.map((text) => (text.startsWith("good") ? 1 : 0))).toEqual([...y.data]);
    for (const text of texts) expect(text).toMatch(/^(good|bad) \d+ é$/);
  }
  expect((await moviePolarity({ folder, seed: 0 })).test.texts).toEqual(unseen.texts);
  expect((await moviePolarity({ folder, seed: 1 })).test.texts).not.toEqual(unseen.texts);
});

test("a series is read with its months", async () => {
  await writeFile(
    join(folder, "airline-passengers.csv"),
    '"Month","Passengers"\r\n"1949-01",112\r\n"1949-02",118.5\r\n',
  );
  const { times, values } = await airlinePassengers({ folder });
  expect([times, values]).toEqual([["1949-01", "1949-02"], Float32Array.of(112, 118.5)]); // biome-ignore format: both
});

test("names are lines", async () => {
  await writeFile(join(folder, "names.txt"), "emma\r\nolivia\n\nava");
  expect(await firstNames({ folder })).toEqual(["emma", "olivia", "ava"]);
});

test("broken files are refused with their path", async () => {
  const broken = [
    ["input.txt", Buffer.of(0x54, 0xff), shakespeare],
    ["input.txt", Buffer.from(" \n"), shakespeare],
    ["input.txt.gz", Buffer.from("not packed"), shakespeare],
    ["rt-polarity.neg", Buffer.of(0x62, 0x00), moviePolarity],
    ["airline-passengers.csv", Buffer.from("Month,Passengers\n1949-01,many\n"), airlinePassengers],
    ["airline-passengers.csv", Buffer.from("Year\n1949\n"), airlinePassengers],
  ] as const;
  const faults: string[] = [];
  await writeFile(join(folder, "rt-polarity.pos"), "fine\n");
  for (const [name, bytes, load] of broken) {
    await writeFile(join(folder, name), bytes);
    faults.push(await faultOf(load({ folder })));
    await rm(join(folder, name));
  }
  faults.push(await faultOf(shakespeare({ folder })));
  expect(faults.join("\n")).toMatchInlineSnapshot(`
    "FormatError E779 tiny-shakespeare: the bytes are not UTF-8.
      at: …/input.txt
      fix: fetch the file again.
    FormatError E779 tiny-shakespeare: the file is empty.
      at: …/input.txt
      fix: fetch the file again.
    FormatError E768 tiny-shakespeare: the file cannot be unpacked: incorrect header check.
      at: …/input.txt.gz
      fix: fetch the file again.
    FormatError E779 sentiment: byte 1 is the control character 0.
      at: …/rt-polarity.neg
      fix: fetch the file again.
    FormatError E779 time-series: the file is no table of months and passengers: E774 csv: "many" in column Passengers of row 1 is no number.
      at: …/airline-passengers.csv
      fix: fetch the file again.
    FormatError E779 time-series: the file is no table of months and passengers: E770 csv: there is no column "Month".
      at: …/airline-passengers.csv
      fix: fetch the file again.
    StorageError E769 tiny-shakespeare: cannot read the file: ENOENT: no such file or directory, open '…/input.txt'.
      at: …/input.txt
      fix: put the original files of tiny-shakespeare into the folder."
  `);
});

test("off line the error says which made data need no files", async () => {
  const off = { mirrors: [] };
  const faults = await Promise.all(
    [shakespeare(off), moviePolarity(off), airlinePassengers(off), firstNames(off), passengersInPage(off)].map(faultOf),
  );
  const fixes = faults.map((fault) => /; (\w+\(\) needs no files)/.exec(fault)?.[1]);
  const made = ["verses", "opinions", "passengers", "coinedNames", "passengers"];
  expect(fixes).toEqual(made.map((name) => `${name}() needs no files`));
  expect(await faultOf(moviePolarity({ sead: 1 } as never))).toMatch(/did you mean seed\?/);
});

const published = process.env.TENON_DATA;

test.runIf(published)("the original files hold what their makers say", async () => {
  vi.stubEnv("TENON_DATA", published);
  const { text } = await shakespeare();
  expect([text.length, new Set(text).size, text.slice(0, 14)]).toEqual([1_115_394, 65, "First Citizen:"]);
  const { train, test: unseen } = await moviePolarity();
  expect([train.texts.length, unseen.texts.length]).toEqual([9596, 1066]);
  const names = await firstNames();
  expect([names.length, names[0], names.at(-1)]).toEqual([32_033, "emma", "zzyzx"]);
  const { times, values } = await airlinePassengers();
  expect([times[0], values[0], times.at(-1), values.at(-1), values.length]).toEqual([
    "1949-01",
    112,
    "1960-12",
    432,
    144,
  ]);
});
