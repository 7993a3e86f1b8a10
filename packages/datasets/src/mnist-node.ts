import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkOptions, valueText } from "@tenon/tensor";
import { cacheFolder, keepFile, readKept } from "./cache-folder.ts";
import { type Attempt, checkMnistOptions, fetchSet } from "./fetch-set.ts";
import { picturesOf, type TrainAndTest } from "./images.ts";
import { mnistFolder, unpackParts } from "./mnist-folder.ts";
import type { MnistOptions } from "./mnist-options.ts";
import { progressLine } from "./progress-line.ts";
import { fashionMnistSet, filesOf, mnistSet, type PublishedFile, type PublishedSet } from "./published.ts";
import { outside } from "./range.ts";

export const mnist = (options: MnistOptions = {}): Promise<TrainAndTest> => loadSet(mnistSet, options);

export const fashionMnist = (options: MnistOptions = {}): Promise<TrainAndTest> => loadSet(fashionMnistSet, options);

/**
 * A published set: from `folder`; else from `$TENON_DATA/<name>` if it is there; else what was fetched before, and the rest from
 * the mirrors, `$TENON_MIRROR/<name>/` instead of the public ones if that is set.
 */
export async function loadSet(set: PublishedSet, options: MnistOptions): Promise<TrainAndTest> {
  checkOptions(set.name, options, ["folder", "cache", "mirrors", "signal", "onProgress", "timeoutMs"]);
  checkMnistOptions(set.name, options);
  options.signal?.throwIfAborted();
  for (const [name, path] of Object.entries({ folder: options.folder, cache: options.cache })) {
    if (path === undefined || (typeof path === "string" && path !== "") || (name === "cache" && path === false))
      continue;
    throw outside(set.name, `${name} is ${valueText(path)}, which is no path`, "give the path of a folder");
  }
  const { TENON_DATA: data = "", TENON_MIRROR: mirror = "" } = process.env;
  const local = options.folder ?? (data === "" ? undefined : join(data, set.name));
  if (local !== undefined && (options.folder !== undefined || existsSync(local))) {
    const { train, test } = await mnistFolder(local);
    return { train: picturesOf(train, set.classes), test: picturesOf(test, set.classes) };
  }
  const before: Attempt[] = [["TENON_DATA", local === undefined ? "not set" : `there is no ${local}`]];
  const mirrors = options.mirrors ?? (mirror === "" ? set.mirrors : [`${mirror.replace(/\/$/, "")}/${set.name}/`]);
  return fromCacheOrMirrors(set, { ...options, mirrors, before });
}

async function fromCacheOrMirrors(
  set: PublishedSet,
  options: MnistOptions & { readonly mirrors: readonly string[]; readonly before: readonly Attempt[] },
): Promise<TrainAndTest> {
  const { signal, timeoutMs, mirrors } = options;
  const folder = options.cache === false ? undefined : join(options.cache ?? cacheFolder(), set.name);
  const files = filesOf(set);
  const packed = new Map<PublishedFile, Uint8Array>();
  for (const file of folder === undefined ? [] : files) {
    const bytes = await readKept(join(folder!, file.name), file);
    if (bytes !== undefined) packed.set(file, bytes);
  }
  const missing = files.filter((file) => !packed.has(file));
  if (missing.length > 0) {
    const lacks =
      missing.length === files.length ? "none of the files" : `no ${missing.map(({ name }) => name).join(", ")}`;
    const cached: Attempt = ["cache", folder === undefined ? "not used" : `${folder} has ${lacks}`];
    const line = progressLine();
    try {
      const fetched = await fetchSet(set, missing, {
        ...{ signal, timeoutMs, mirrors, before: [...options.before, cached] },
        onProgress: options.onProgress ?? line.show,
        advice: `go online once, or put the files into a folder and name it by the option folder, or into ${join("$TENON_DATA", set.name)}`,
        keep: folder === undefined ? undefined : (file, bytes) => keepFile(join(folder, file.name), bytes),
      });
      for (const [file, bytes] of fetched) packed.set(file, bytes);
    } finally {
      line.end();
    }
  }
  const names = files.map(({ name }) => join(folder ?? set.name, name));
  const { train, test } = await unpackParts(
    folder ?? set.name,
    files.map((file) => packed.get(file)!),
    names,
  );
  return { train: picturesOf(train, set.classes), test: picturesOf(test, set.classes) };
}
