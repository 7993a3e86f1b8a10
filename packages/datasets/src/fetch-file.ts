import type { PublishedFile } from "./published.ts";

export interface FetchFileOptions {
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
  /** Is told of each piece, in bytes. */
  readonly onBytes: (count: number) => void;
}

/**
 * The bytes of a published file, none more than it has, checked against its SHA-256.
 *
 * Throws an `Error` whose message is the reason, or the signal's reason.
 */
export async function fetchFile(
  url: string,
  { byteLength, sha256 }: PublishedFile,
  { signal, timeoutMs, onBytes }: FetchFileOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const silence = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(new Error(`silent for ${timeoutMs} ms`)), timeoutMs);
  };
  try {
    wait();
    const ends = signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]);
    const response = await fetch(url, { signal: ends });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new Error(`answers ${response.status} ${response.statusText}`.trim());
    }
    const bytes = new Uint8Array(byteLength);
    let filled = 0;
    for await (const piece of piecesOf(response.body)) {
      wait();
      if (filled + piece.length > byteLength) throw new Error(`sends more than the ${byteLength} bytes of the file`);
      bytes.set(piece, filled);
      filled += piece.length;
      onBytes(piece.length);
    }
    if (filled < byteLength) throw new Error(`sends ${filled} of the ${byteLength} bytes of the file`);
    const found = await sha256Of(bytes);
    if (found !== sha256) throw new Error(`sends other bytes: SHA-256 ${found}, not ${sha256}`);
    return bytes;
  } catch (error) {
    signal?.throwIfAborted();
    throw new Error(reasonOf(error), { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** A stream's pieces; not every browser can go through a stream by itself. */
export async function* piecesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel().catch(() => undefined); // does nothing at the end of the stream
  }
}

/** In hexadecimal. */
export async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (globalThis.crypto?.subtle === undefined) throw new Error("SHA-256 is missing here; serve the page by https");
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** `fetch` says "fetch failed" and hides why in causes. */
function reasonOf(error: unknown): string {
  let innermost = error;
  while (innermost instanceof Error && innermost.cause instanceof Error) innermost = innermost.cause;
  if (innermost instanceof AggregateError && innermost.message === "") innermost = innermost.errors[0];
  return innermost instanceof Error ? innermost.message : String(innermost);
}
