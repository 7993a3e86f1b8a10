import { checkFunction, checkList, valueText } from "@tenon/tensor";
import { DataError } from "./errors.ts";
import { fetchFile } from "./fetch-file.ts";
import type { FileOptions } from "./file-options.ts";
import type { PublishedFile, PublishedSet } from "./published.ts";
import { checkWhole, outside } from "./range.ts";

/** A place that was looked into, and why nothing came of it. */
export type Attempt = readonly [place: string, reason: string];

export interface FetchSetOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  readonly onProgress?: FileOptions["onProgress"] | undefined;
  readonly mirrors: readonly string[];
  /** The places that were tried before. */
  readonly before: readonly Attempt[];
  /** What else one could do. */
  readonly advice: string;
  /** Is given each file as it comes. */
  readonly keep?: ((file: PublishedFile, bytes: Uint8Array) => Promise<void>) | undefined;
}

/** The bytes of these files, each from the first mirror that has it. A mirror that failed is not asked again. */
export async function fetchSet(
  set: PublishedSet,
  files: readonly PublishedFile[],
  { mirrors, before, advice, signal, timeoutMs = 10_000, onProgress, keep }: FetchSetOptions,
): Promise<Map<PublishedFile, Uint8Array<ArrayBuffer>>> {
  signal?.throwIfAborted();
  const left = mirrors.map((mirror) => (mirror.endsWith("/") ? mirror : `${mirror}/`));
  const attempts = [...before];
  const found = new Map<PublishedFile, Uint8Array<ArrayBuffer>>();
  const total = files.reduce((sum, { byteLength }) => sum + byteLength, 0);
  let done = 0;
  for (const file of files) {
    while (!found.has(file)) {
      const mirror = left[0];
      if (mirror === undefined) throw nowhere(set, attempts, advice);
      const url = mirror + file.name;
      let received = done;
      const onBytes = (count: number) => {
        received += count;
        onProgress?.({ dataset: set.name, url, received, total });
      };
      try {
        found.set(file, await fetchFile(url, file, { signal, timeoutMs, onBytes }));
      } catch (error) {
        signal?.throwIfAborted();
        attempts.push([url, (error as Error).message]);
        left.shift();
      }
    }
    done += file.byteLength;
    await keep?.(file, found.get(file)!);
  }
  return found;
}

/** Throws on options that are none. */
export function checkFileOptions(op: string, { mirrors, signal, onProgress, timeoutMs }: FileOptions): void {
  if (mirrors !== undefined) checkList(op, "mirrors", mirrors, '["https://example.org/mnist/"]');
  if (onProgress !== undefined) checkFunction(op, "onProgress", onProgress);
  if (timeoutMs !== undefined) checkWhole(op, "timeoutMs", timeoutMs, 1, 2 ** 31 - 1);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw outside(
      op,
      `signal is ${valueText(signal)}, which is no AbortSignal`,
      "give the signal of an AbortController",
    );
  }
}

function nowhere(set: PublishedSet, attempts: readonly Attempt[], advice: string): DataError {
  return new DataError("StorageError", "E776", set.name, "the files are in none of the places that were looked into", {
    operands: {
      ...Object.fromEntries(attempts),
      files: set.files.map(({ name }) => name).join(", "),
    },
    fix: `${advice}; ${set.instead} needs no files`,
  });
}
