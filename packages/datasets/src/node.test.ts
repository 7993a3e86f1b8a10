import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { mnistFolder } from "./node.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tenon-mnist-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Writes a part of the data set: two pictures of 2 × 2 unless told otherwise. */
async function writePart(part: string, images?: Uint8Array, labels?: Uint8Array): Promise<void> {
  const twoImages = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8);
  const twoLabels = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 9, 0);
  await writeFile(join(folder, `${part}-images-idx3-ubyte.gz`), gzipSync(images ?? twoImages));
  await writeFile(join(folder, `${part}-labels-idx1-ubyte.gz`), gzipSync(labels ?? twoLabels));
}

test("a folder of four files gives both parts", async () => {
  await writePart("train");
  await writePart("t10k");
  const part = { images: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), labels: Uint8Array.of(9, 0), size: 2 };
  expect(await mnistFolder(folder)).toEqual({ train: part, test: part });
});

test("files that do not fit together are refused", async () => {
  await writePart("train");
  for (const labels of [Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 9), Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 9, 10)]) {
    await writePart("t10k", undefined, labels);
    await expect(mnistFolder(folder)).rejects.toMatchObject({ name: "FormatError", code: "E766" });
  }
  await writePart("t10k", Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4));
  await expect(mnistFolder(folder)).rejects.toMatchObject({ code: "E766" });
  await writePart("t10k", Uint8Array.of(0, 0, 8, 3));
  await expect(mnistFolder(folder)).rejects.toThrow(/at: .*t10k-images-idx3-ubyte.gz, byte 4/);
});

test("a missing, damaged or endless file is a typed error with its path", async () => {
  await writePart("train");
  const missing: unknown = await mnistFolder(folder).catch((caught: unknown) => caught);
  expect((missing as Error).message.replaceAll(folder, "…").replaceAll(/t10k-[\w-]+/g, "t10k")).toMatchInlineSnapshot(`
    "E769 mnist: cannot read the file: ENOENT: no such file or directory, open '…/t10k.gz'.
      at: …/t10k.gz
      fix: put the original files of mnist into the folder."
  `);

  await writePart("t10k");
  await writeFile(join(folder, "t10k-labels-idx1-ubyte.gz"), "not gzip");
  await expect(mnistFolder(folder)).rejects.toMatchObject({ name: "FormatError", code: "E768" });
  await writePart("t10k", new Uint8Array(2 ** 26 + 1));
  await expect(mnistFolder(folder)).rejects.toMatchObject({ name: "LimitError", code: "E767" });
});

const dataFolder = process.env.TENON_DATA;

test.runIf(dataFolder)("the original files hold 60,000 and 10,000 digits", async () => {
  const { train, test: unseen } = await mnistFolder(join(dataFolder!, "mnist"));
  expect([train.labels.length, train.images.length, train.size]).toEqual([60_000, 60_000 * 28 * 28, 28]);
  const counts = new Array<number>(10).fill(0);
  for (const label of unseen.labels) counts[label]!++;
  expect(counts).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
});
