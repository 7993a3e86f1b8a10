import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkOptions, valueText } from "@tenon/tensor";
import { cacheFolder, keepFile, readKept } from "./cache-folder.ts";
import { type Attempt, checkFileOptions, fetchSet } from "./fetch-set.ts";
import type { FileOptions } from "./file-options.ts";
import { folderFiles, unpacked } from "./folder-files.ts";
import type { LoadedFile, LoadFiles } from "./load-files.ts";
import { progressLine } from "./progress-line.ts";
import type { PublishedFile, PublishedSet } from "./published.ts";
import { outside } from "./range.ts";

/**
 * The files of a set: from `folder`; else from `$TENON_DATA/<name>` if it is there; else what was fetched before, and the
 * rest from the mirrors, `$TENON_MIRROR/<name>/` instead of the public ones if that is set.
 */
export const loadFiles: LoadFiles = async (set, options, more = []) => {
  checkOptions(set.name, options, ["folder", "cache", "mirrors", "signal", "onProgress", "timeoutMs", ...more]);
  checkFileOptions(set.name, options);
  options.signal?.throwIfAborted();
  for (const [name, path] of Object.entries({ folder: options.folder, cache: options.cache })) {
    if (path === undefined || (typeof path === "string" && path !== "") || (name === "cache" && path === false))
      continue;
    throw outside(set.name, `${name} is ${valueText(path)}, which is no path`, "give the path of a folder");
  }
  const { TENON_DATA: data = "", TENON_MIRROR: mirror = "" } = process.env;
  const local = options.folder ?? (data === "" ? undefined : join(data, set.name));
  if (local !== undefined && (options.folder !== undefined || existsSync(local))) return folderFiles(set, local);
  const before: Attempt[] = [["TENON_DATA", local === undefined ? "not set" : `there is no ${local}`]];
  const mirrors = options.mirrors ?? (mirror === "" ? set.mirrors : [`${mirror.replace(/\/$/, "")}/${set.name}/`]);
  return fromCacheOrMirrors(set, { ...options, mirrors, before });
};

async function fromCacheOrMirrors(
  set: PublishedSet,
  options: FileOptions & { readonly mirrors: readonly string[]; readonly before: readonly Attempt[] },
): Promise<readonly LoadedFile[]> {
  const { signal, timeoutMs, mirrors } = options;
  const folder = options.cache === false ? undefined : join(options.cache ?? cacheFolder(), set.name);
  const { files } = set;
  const found = new Map<PublishedFile, Uint8Array>();
  for (const file of folder === undefined ? [] : files) {
    const bytes = await readKept(join(folder!, file.name), file);
    if (bytes !== undefined) found.set(file, bytes);
  }
  const missing = files.filter((file) => !found.has(file));
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
      for (const [file, bytes] of fetched) found.set(file, bytes);
    } finally {
      line.end();
    }
  }
  const place = folder ?? set.name;
  return Promise.all(files.map((file) => unpacked(set, { path: join(place, file.name), bytes: found.get(file)! })));
}
