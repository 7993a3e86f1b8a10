import { checkOptions } from "@tenon/tensor";
import { piecesOf } from "./fetch-file.ts";
import { checkFileOptions, fetchSet } from "./fetch-set.ts";
import type { FileOptions } from "./file-options.ts";
import { damaged, isPacked, MAX_UNPACKED, tooLarge } from "./packed.ts";
import type { PublishedSet } from "./published.ts";

/** The contents of a file, unpacked, and where it was found, for errors. */
export interface LoadedFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** How the files of a set are come by, in its order; in Node otherwise than in a page. */
export type LoadFiles = (
  set: PublishedSet,
  options: FileOptions,
  more?: readonly string[],
) => Promise<readonly LoadedFile[]>;

/** The files of a set by the means of a page. `more` are the names of options that are for someone else. */
export const loadFiles: LoadFiles = async (set, options, more = []) => {
  checkOptions(set.name, options, ["mirrors", "signal", "onProgress", "timeoutMs", ...more]);
  checkFileOptions(set.name, options);
  const { mirrors = set.mirrors, signal, onProgress, timeoutMs } = options;
  const advice = "go online, or name a folder with the files that this page may read: { mirrors: [address] }";
  const fetched = await fetchSet(set, set.files, { signal, onProgress, timeoutMs, mirrors, advice, before: [] });
  return Promise.all(
    set.files.map(async (file) => {
      const bytes = fetched.get(file)!;
      return { path: file.name, bytes: isPacked(file.name) ? await unpack(set.name, bytes, file.name) : bytes };
    }),
  );
};

async function unpack(set: string, packed: Uint8Array<ArrayBuffer>, name: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  try {
    for await (const piece of piecesOf(stream)) {
      length += piece.length;
      if (length > MAX_UNPACKED) break;
      pieces.push(piece);
    }
  } catch (cause) {
    throw damaged(set, name, cause);
  }
  if (length > MAX_UNPACKED) throw tooLarge(set, name);
  const bytes = new Uint8Array(length);
  let filled = 0;
  for (const piece of pieces) {
    bytes.set(piece, filled);
    filled += piece.length;
  }
  return bytes;
}
