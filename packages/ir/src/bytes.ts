import { FormatError } from "./errors.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const utf8 = (text: string): Uint8Array => encoder.encode(text);

/** A growing list of bytes. */
export class ByteWriter {
  private bytes = new Uint8Array(256);
  private length = 0;

  private room(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.length + count));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  byte(value: number): void {
    this.room(1);
    this.bytes[this.length++] = value;
  }

  raw(bytes: Uint8Array): void {
    this.room(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Seven bits a byte, lowest first; the high bit says that more follow. From 0 to 2^53 − 1. */
  varint(value: number): void {
    this.room(8);
    while (value >= 128) {
      this.bytes[this.length++] = (value % 128) | 128;
      value = Math.floor(value / 128);
    }
    this.bytes[this.length++] = value;
  }

  /** The length in bytes as a varint, then UTF-8. */
  text(text: string): void {
    if (/\p{Surrogate}/u.test(text)) {
      throw new FormatError("E138", "binary", `${JSON.stringify(text.slice(0, 80))} holds half a character`);
    }
    const bytes = utf8(text);
    this.varint(bytes.length);
    this.raw(bytes);
  }

  /** Little-endian; one NaN. */
  float64(value: number): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, Number.isNaN(value) ? NaN : value, true);
    this.raw(bytes);
  }

  done(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}

/** A position in bytes from outside. Whatever is wrong with them is a `FormatError` with the offset. */
export class ByteReader {
  readonly form: string;
  readonly bytes: Uint8Array;
  at: number;
  /** Where reading must stop. */
  end: number;

  constructor(form: string, bytes: Uint8Array, at = 0, end = bytes.length) {
    this.form = form;
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  byte(): number {
    if (this.at >= this.end) throw this.truncated();
    return this.bytes[this.at++]!;
  }

  raw(count: number): Uint8Array {
    if (count > this.left) throw this.truncated();
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  varint(): number {
    const start = this.at;
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw this.problem("E133", "the number is above 2^53 − 1", start);
      if (byte < 128) {
        if (byte === 0 && scale > 1)
          throw this.problem("E133", "the number is written with more bytes than it needs", start);
        return value;
      }
      if (scale === 2 ** 49) throw this.problem("E133", "the number has more than eight bytes", start);
    }
  }

  /** A number of entries of at least `bytes` each, which must still be there: nothing is allocated for absent ones. */
  count(bytes = 1): number {
    const start = this.at;
    const count = this.varint();
    if (count * bytes > this.left)
      throw this.problem("E132", `${count} entries do not fit into the ${this.left} bytes left`, start);
    return count;
  }

  text(): string {
    const start = this.at;
    const bytes = this.raw(this.varint());
    try {
      return decoder.decode(bytes);
    } catch {
      throw this.problem("E134", "the text is not UTF-8", start);
    }
  }

  float64(): number {
    const bytes = this.raw(8);
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
  }

  /** Throws unless everything was read. */
  finish(what: string): void {
    if (this.left > 0) throw this.problem("E137", `${this.left} bytes follow ${what}`);
  }

  truncated(): FormatError {
    return this.problem("E132", "the bytes end too early", this.end);
  }

  problem(code: string, what: string, at = this.at, fix?: string): FormatError {
    return new FormatError(code, this.form, what, { at: `byte ${at}`, fix });
  }
}
