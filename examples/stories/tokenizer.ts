import { readFile } from "node:fs/promises";

/** Tokens of a file, and the text that they are. */
export interface Tokenizer {
  decode(ids: readonly number[]): string;
}

/**
 * Reads the tokenizer of a llama2.c model: the length of the longest token as an int32, then for each token its score as a
 * float32, its length as an int32, and its bytes. What stands as `<0x0A>` is that byte.
 */
export function readTokenizer(file: Uint8Array, count: number): Tokenizer {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const pieces: Uint8Array[] = [];
  let at = 4;
  while (pieces.length < count) {
    const length = view.getInt32(at + 4, true);
    pieces.push(file.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  const bytesOf = (id: number): Uint8Array => {
    const piece = pieces[id]!;
    const byte = /^<0x([0-9A-F]{2})>$/.exec(Buffer.from(piece).toString("latin1"))?.[1];
    return byte === undefined ? piece : Uint8Array.of(Number.parseInt(byte, 16));
  };
  return {
    // A text begins with a space that stands for its beginning.
    decode: (ids) => Buffer.concat(ids.map(bytesOf)).toString("utf8").replace(/^ /, ""),
  };
}

/** The bytes of a file, if it is there. */
export const readFileIf = (path: string): Promise<Uint8Array | undefined> => readFile(path).catch(() => undefined);
