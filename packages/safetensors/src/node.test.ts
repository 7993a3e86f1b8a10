import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type SafetensorsTensor, serializeSafetensors } from "./index.ts";
import { readSafetensorsFile, writeFileAtomic, writeSafetensorsFile } from "./node.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tenon-safetensors-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const tensors: readonly [string, SafetensorsTensor][] = [
  ["w", { dtype: "F32", shape: [2], bytes: new Uint8Array(Float32Array.of(1, -2).buffer) }],
  ["n", { dtype: "I64", shape: [], bytes: new Uint8Array(8) }],
];

test("a file is written and read back, and nothing else is left in the folder", async () => {
  const path = join(folder, "model.safetensors");
  await writeSafetensorsFile(path, tensors, [["epoch", "3"]]);
  const { metadata, tensors: read } = await readSafetensorsFile(path);
  expect(new Map(read)).toEqual(new Map(tensors));
  expect([...metadata]).toEqual([["epoch", "3"]]);
  expect(await readdir(folder)).toEqual(["model.safetensors"]);
});

test("data of a file with a header of odd length are aligned all the same", async () => {
  const path = join(folder, "odd.safetensors");
  const header = '{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
  expect(header.length % 4).not.toBe(0);
  await writeFile(
    path,
    Uint8Array.from([header.length, 0, 0, 0, 0, 0, 0, 0, ...Buffer.from(header), 0, 0, 0x80, 0x3f]),
  );
  const { bytes } = (await readSafetensorsFile(path)).tensors.get("w")!;
  expect([...new Float32Array(bytes.buffer, bytes.byteOffset, 1)]).toEqual([1]);
});

test("writing over a file replaces it whole", async () => {
  const path = join(folder, "file");
  await writeFileAtomic(path, new Uint8Array(1000).fill(1));
  await writeFileAtomic(path, Uint8Array.of(2));
  expect([...(await readFile(path))]).toEqual([2]);
});

test("a failed write leaves the old file and no other", async () => {
  const path = join(folder, "file");
  await writeFileAtomic(path, Uint8Array.of(1));
  await expect(writeFileAtomic(path, { length: 3 } as never)).rejects.toMatchObject({
    name: "StorageError",
    code: "E722",
  });
  await expect(writeFileAtomic(folder, Uint8Array.of(1))).rejects.toMatchObject({ code: "E722" });
  await expect(writeFileAtomic(join(folder, "none", "file"), Uint8Array.of(1))).rejects.toMatchObject({ code: "E722" });
  expect([...(await readFile(path))]).toEqual([1]);
  expect(await readdir(folder)).toEqual(["file"]);
});

test.runIf(process.platform !== "win32")("a link is replaced, not followed", async () => {
  await writeFile(join(folder, "target"), "old");
  await symlink("target", join(folder, "link"));
  await writeFileAtomic(join(folder, "link"), Uint8Array.of(1));
  expect(await readFile(join(folder, "target"), "utf8")).toBe("old");
});

test("a file cut at any byte is refused with a typed error", async () => {
  const path = join(folder, "cut");
  const bytes = serializeSafetensors(tensors);
  for (let length = 0; length < bytes.length; length += 7) {
    await writeFile(path, bytes.subarray(0, length));
    await expect(readSafetensorsFile(path)).rejects.toMatchObject({ name: "FormatError" });
  }
});

test("a file that cannot be read gives its path and the reason", async () => {
  const error: unknown = await readSafetensorsFile(join(folder, "none")).catch((caught: unknown) => caught);
  expect(error).toMatchObject({
    name: "StorageError",
    code: "E721",
    [Symbol.for("tenon.error")]: true,
    cause: { code: "ENOENT" },
  });
  expect((error as Error).message.replaceAll(folder, "…")).toMatchInlineSnapshot(`
    "E721 safetensors: cannot read the file: ENOENT: no such file or directory, open '…/none'.
      at: …/none
      fix: check that the file exists and may be read."
  `);
  await expect(readSafetensorsFile(folder)).rejects.toMatchObject({
    name: expect.stringMatching(/Error$/) as string,
    [Symbol.for("tenon.error")]: true,
  });
});
