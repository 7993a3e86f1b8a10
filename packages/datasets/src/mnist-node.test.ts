import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { FileOptions } from "./file-options.ts";
import { loadFiles } from "./load-files-node.ts";
import { loadPictures } from "./mnist.ts";
import { fashionMnist, mnist } from "./node.ts";
import type { PictureSet, PublishedFile } from "./published.ts";

const contents = new Map(
  Object.entries({
    "train-images-idx3-ubyte.gz": [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 51, 102, 153, 204, 255, 0, 0],
    "train-labels-idx1-ubyte.gz": [0, 0, 8, 1, 0, 0, 0, 2, 9, 0],
    "t10k-images-idx3-ubyte.gz": [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 255, 0, 0, 255],
    "t10k-labels-idx1-ubyte.gz": [0, 0, 8, 1, 0, 0, 0, 1, 3],
  }).map(([name, bytes]) => [name, gzipSync(Uint8Array.from(bytes))]),
);
const files = [...contents].map(
  ([name, bytes]): PublishedFile => ({
    name,
    byteLength: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
  }),
);
const names = [...contents.keys()];

/** A set like MNIST with three pictures. */
const small: PictureSet = {
  ...{ name: "small", classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], mirrors: [] },
  ...{ files, instead: "digits()" },
};
const loadSet = (set: PictureSet, options: FileOptions) => loadPictures(set, options, loadFiles);
const loadInPage = (set: PictureSet, options: FileOptions) => loadPictures(set, options);

let folder: string;
let server: Server;
let mirror: string;
let asked: string[];
let answer: (path: string, response: ServerResponse) => void;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tenon-fetch-"));
  for (const name of ["TENON_DATA", "TENON_MIRROR", "TENON_CACHE"]) vi.stubEnv(name, "");
  vi.stubEnv("TENON_CACHE", join(folder, "cache"));
  asked = [];
  answer = (path, response) => void response.end(contents.get(path.split("/").at(-1)!));
  server = createServer(({ url }, response) => {
    asked.push(url!);
    answer(url!, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

/** The text of the error, with this run's folder and port replaced. */
async function faultOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => "it was fulfilled",
    (caught: unknown) => caught,
  );
  return String(error).replaceAll(folder, "…").replaceAll(mirror, "mirror/");
}

test("what is fetched is pictures from 0 to 1 and labels with their names", async () => {
  const { train, test: unseen } = await loadSet(small, { mirrors: [mirror] });
  expect([train.x.dtype, train.x.shape, train.y.dtype, train.y.shape]).toEqual(["float32", [2, 2, 2], "int32", [2]]);
  expect([...train.x.data].map((ink) => Math.round(5 * ink))).toEqual([0, 1, 2, 3, 4, 5, 0, 0]);
  expect([...train.y.data]).toEqual([9, 0]);
  expect([...unseen.x.data]).toEqual([1, 0, 0, 1]);
  expect(unseen.y.classes).toEqual(small.classes);
});

test("a file is fetched once, kept whole, and fetched again only when it is damaged", async () => {
  await loadSet(small, { mirrors: [mirror] });
  expect(asked).toEqual(names.map((name) => `/${name}`));
  const kept = join(folder, "cache/small");
  expect((await readdir(kept)).sort()).toEqual([...names].sort());
  for (const [name, bytes] of contents) expect(await readFile(join(kept, name))).toEqual(bytes);
  await loadSet(small, { mirrors: [] });
  expect(asked).toHaveLength(4);
  await writeFile(join(kept, names[1]!), "damaged");
  await loadSet(small, { mirrors: [mirror] });
  expect(asked.slice(4)).toEqual([`/${names[1]}`]);
});

test("TENON_DATA comes first, then TENON_MIRROR stands for the public mirrors", async () => {
  vi.stubEnv("TENON_MIRROR", `${mirror}sets`);
  await loadSet(small, { cache: false });
  expect(asked[0]).toBe(`/sets/small/${names[0]}`);
  expect(await readdir(folder)).toEqual([]);
  await mkdir(join(folder, "data/small"), { recursive: true });
  for (const [name, bytes] of contents) await writeFile(join(folder, "data/small", name), bytes);
  vi.stubEnv("TENON_DATA", join(folder, "data"));
  expect((await loadSet(small, {})).train.size).toBe(2);
  expect((await loadSet(small, { folder: join(folder, "data/small") })).test.size).toBe(1);
  expect(asked).toHaveLength(4);
});

test("a folder that is named and lacks the files is an error, not a reason to fetch", async () => {
  await expect(loadSet(small, { folder, mirrors: [mirror] })).rejects.toMatchObject({
    name: "StorageError",
    code: "E769",
  });
  expect(asked).toEqual([]);
});

test("a mirror that fails gives way to the next, and is not asked again", async () => {
  answer = (path, response) => {
    if (path.startsWith("/bad/")) response.writeHead(404).end();
    else response.end(contents.get(path.slice("/good/".length)));
  };
  await loadSet(small, { mirrors: [`${mirror}bad`, `${mirror}good/`] });
  expect(asked).toEqual([`/bad/${names[0]}`, ...names.map((name) => `/good/${name}`)]);
});

test("other bytes, too few, too many, and silence are reasons in one error, and nothing is kept", async () => {
  const first = contents.get(names[0]!)!;
  answer = (path, response) => {
    if (path.startsWith("/short/")) response.end(first.subarray(0, 10));
    else if (path.startsWith("/long/")) response.end(Buffer.concat([first, first]));
    else if (path.startsWith("/other/")) response.end(Buffer.from(first).fill(7));
    else if (path.startsWith("/silent/")) response.write(first.subarray(0, 10));
    else response.destroy();
  };
  const mirrors = ["short", "long", "other", "silent", "cut"].map((name) => mirror + name);
  const fault = await faultOf(loadSet(small, { mirrors: [...mirrors, "no address"], timeoutMs: 300 }));
  expect(
    fault.replace(/SHA-256 \w+, not \w+/, "SHA-256 a, not b").replace(/(cut.*): .*/, "$1: closed"),
  ).toMatchInlineSnapshot(`
    "StorageError E776 small: the files are in none of the places that were looked into.
      TENON_DATA: not set
      cache: …/cache/small has none of the files
      mirror/short/train-images-idx3-ubyte.gz: sends 10 of the 37 bytes of the file
      mirror/long/train-images-idx3-ubyte.gz: sends more than the 37 bytes of the file
      mirror/other/train-images-idx3-ubyte.gz: sends other bytes: SHA-256 a, not b
      mirror/silent/train-images-idx3-ubyte.gz: silent for 300 ms
      mirror/cut/train-images-idx3-ubyte.gz: closed
      no address/train-images-idx3-ubyte.gz: Invalid URL
      files: train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz
      fix: go online once, or put the files into a folder and name it by the option folder, or into $TENON_DATA/small; digits() needs no files."
  `);
  expect(await readdir(folder)).toEqual([]);
});

test("off line the error says where it looked and how to get the files", async () => {
  vi.stubGlobal("fetch", () => {
    throw new TypeError("fetch failed", { cause: new Error("getaddrinfo ENOTFOUND") });
  });
  const faults = await Promise.all([
    faultOf(mnist()),
    faultOf(fashionMnist({ cache: false })),
    faultOf(loadInPage(small, { mirrors: ["https://page/"] })),
  ]);
  vi.unstubAllGlobals();
  expect(faults.join("\n")).toMatchInlineSnapshot(`
    "StorageError E776 mnist: the files are in none of the places that were looked into.
      TENON_DATA: not set
      cache: …/cache/mnist has none of the files
      https://ossci-datasets.s3.amazonaws.com/mnist/train-images-idx3-ubyte.gz: getaddrinfo ENOTFOUND
      https://storage.googleapis.com/cvdf-datasets/mnist/train-images-idx3-ubyte.gz: getaddrinfo ENOTFOUND
      files: train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz
      fix: go online once, or put the files into a folder and name it by the option folder, or into $TENON_DATA/mnist; digits() needs no files.
    StorageError E776 fashion-mnist: the files are in none of the places that were looked into.
      TENON_DATA: not set
      cache: not used
      https://storage.googleapis.com/tensorflow/tf-keras-datasets/train-images-idx3-ubyte.gz: getaddrinfo ENOTFOUND
      https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/train-images-idx3-ubyte.gz: getaddrinfo ENOTFOUND
      http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-images-idx3-ubyte.gz: getaddrinfo ENOTFOUND
      files: train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz
      fix: go online once, or put the files into a folder and name it by the option folder, or into $TENON_DATA/fashion-mnist; digits() needs no files.
    StorageError E776 small: the files are in none of the places that were looked into.
      https://page/train-images-idx3-ubyte.gz: getaddrinfo ENOTFOUND
      files: train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz
      fix: go online, or name a folder with the files that this page may read: { mirrors: [address] }; digits() needs no files."
  `);
});

test("progress counts the bytes of all files", async () => {
  const total = [...contents.values()].reduce((sum, { length }) => sum + length, 0);
  const seen: number[] = [];
  await loadSet(small, {
    mirrors: [mirror],
    onProgress({ dataset, url, received, ...rest }) {
      expect([dataset, url.startsWith(mirror), rest.total]).toEqual(["small", true, total]);
      seen.push(received);
    },
  });
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(seen.at(-1)).toBe(total);
});

test("a signal ends the fetching with its reason, before it, and in the middle", async () => {
  const reason = new Error("enough");
  await expect(loadSet(small, { signal: AbortSignal.abort(reason), mirrors: [mirror] })).rejects.toBe(reason);
  expect(asked).toEqual([]);
  const controller = new AbortController();
  answer = (_path, response) => {
    response.write("x");
    setTimeout(() => controller.abort(reason), 20);
  };
  await expect(loadSet(small, { signal: controller.signal, mirrors: [mirror, mirror] })).rejects.toBe(reason);
  expect(asked).toHaveLength(1);
});

test("what cannot be kept is used all the same, with a warning", async () => {
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  await writeFile(join(folder, "file"), "");
  const { train } = await loadSet(small, { mirrors: [mirror], cache: join(folder, "file") });
  expect(train.size).toBe(2);
  expect(warn).toHaveBeenCalledTimes(4);
  warn.mockRestore();
});

test("a page fetches the same, and has no folder", async () => {
  const { train, test: unseen } = await loadInPage(small, { mirrors: [mirror] });
  expect([train.x.shape, [...unseen.x.data]]).toEqual([[2, 2, 2], [1, 0, 0, 1]]); // biome-ignore format: both
  await expect(loadInPage(small, { folder })).rejects.toThrow(/unknown option folder/);
});

const published = process.env.TENON_DATA;

test.runIf(published)("the original files pass their checks when a mirror serves them", async () => {
  const served = (path: string) => readFile(join(published!, path));
  answer = (path, response) => void served(path).then((bytes) => response.end(bytes));
  for (const [name, load] of Object.entries({ mnist, "fashion-mnist": fashionMnist })) {
    const { train, test: unseen } = await load({ mirrors: [mirror + name] });
    expect([train.x.shape, unseen.y.shape]).toEqual([[60_000, 28, 28], [10_000]]); // biome-ignore format: shapes
  }
});

test("wrong options are refused", async () => {
  expect(await faultOf(mnist({ mirror } as never))).toMatch(/did you mean mirrors\?/);
  expect(await faultOf(mnist({ mirrors: mirror as never }))).toMatch(/mirrors is ".*", which is no list/);
  expect(await faultOf(mnist({ folder: 3 as never }))).toMatch(/folder is 3, which is no path/);
  expect(await faultOf(mnist({ timeoutMs: 0 }))).toMatch(/timeoutMs is 0/);
  expect(await faultOf(mnist({ signal: {} as never }))).toMatch(/which is no AbortSignal/);
  expect(await faultOf(mnist({ onProgress: true as never }))).toMatch(/onProgress is true, which is no function/);
});
