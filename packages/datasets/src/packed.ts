import { DataError } from "./errors.ts";

/** More than any file of a published set has once it is unpacked; the largest, of MNIST, has 47 MB. */
export const MAX_UNPACKED = 2 ** 26; // bytes

export const isPacked = (name: string): boolean => name.endsWith(".gz");

/** A packed file that unpacks to more than it may. */
export const tooLarge = (set: string, path: string, cause?: unknown): DataError =>
  new DataError("LimitError", "E767", set, `the file unpacks to more than ${MAX_UNPACKED} bytes`, {
    path,
    fix: `check that this is a file of ${set}`,
    cause,
  });

/** A packed file that cannot be unpacked. */
export const damaged = (set: string, path: string, cause: unknown): DataError =>
  new DataError("FormatError", "E768", set, `the file cannot be unpacked: ${messageOf(cause)}`, {
    path,
    fix: "fetch the file again",
    cause,
  });

export const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
