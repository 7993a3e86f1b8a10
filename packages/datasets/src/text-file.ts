import { DataError } from "./errors.ts";
import type { LoadedFile } from "./load-files.ts";

/** What no line of a text has: control characters other than tabs and ends of lines. */
const isControl = (byte: number): boolean => byte < 9 || (byte > 13 && byte < 32);

/**
 * A file as text: UTF-8, or, where it is not that and `latin` allows it, the bytes of ISO 8859-1 as browsers read them.
 *
 * Line ends become "\n". A file that is empty or has control characters is refused.
 */
export function textOf(set: string, { path, bytes }: LoadedFile, { latin = false } = {}): string {
  const text = decoded(bytes, "utf-8") ?? (latin ? decoded(bytes, "latin1") : undefined);
  if (text === undefined) throw noText(set, path, "the bytes are not UTF-8");
  if (text.trim() === "") throw noText(set, path, "the file is empty");
  const at = bytes.findIndex(isControl);
  if (at >= 0) throw noText(set, path, `byte ${at} is the control character ${bytes[at]}`);
  return text.replaceAll("\r\n", "\n");
}

/** The lines of a text without the space around them, empty ones left out. */
export const linesOf = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

/** A text file that is not what its data set consists of. */
export const noText = (set: string, path: string, problem: string, cause?: unknown): DataError =>
  new DataError("FormatError", "E779", set, problem, {
    path,
    fix: "fetch the file again",
    cause,
  });

function decoded(bytes: Uint8Array, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
