import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { DataError } from "./errors.ts";
import type { LoadedFile } from "./load-files.ts";
import { damaged, isPacked, MAX_UNPACKED, messageOf, tooLarge } from "./packed.ts";
import type { PublishedSet } from "./published.ts";

const PIECE = 2 ** 20; // bytes that are unpacked at a time: fewer trips between threads than with zlib's 2¹⁴

/** The files of a set from a folder, where one that is published as it is may also lie packed, with `.gz` after its name. */
export const folderFiles = (set: PublishedSet, folder: string): Promise<readonly LoadedFile[]> =>
  Promise.all(set.files.map(async ({ name }) => unpacked(set, await readWhole(set, folder, name))));

/** A file's contents. */
export async function unpacked(set: PublishedSet, { path, bytes }: LoadedFile): Promise<LoadedFile> {
  if (!isPacked(path)) return { path, bytes };
  try {
    return { path, bytes: await promisify(gunzip)(bytes, { maxOutputLength: MAX_UNPACKED, chunkSize: PIECE }) };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(set.name, path, cause);
    throw damaged(set.name, path, cause);
  }
}

async function readWhole(set: PublishedSet, folder: string, name: string): Promise<LoadedFile> {
  const path = join(folder, name);
  try {
    return { path, bytes: await readFile(path) };
  } catch (cause) {
    const bytes = isPacked(name) ? undefined : await readFile(`${path}.gz`).catch(() => undefined);
    if (bytes !== undefined) return { path: `${path}.gz`, bytes };
    throw new DataError("StorageError", "E769", set.name, `cannot read the file: ${messageOf(cause)}`, {
      path,
      fix: `put the original files of ${set.name} into the folder`,
      cause,
    });
  }
}
