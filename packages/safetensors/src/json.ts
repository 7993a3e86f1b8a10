import { formatError, quoted, type SafetensorsError } from "./errors.ts";

/**
 * Reads the part of JSON that a header may use: records, lists, strings and whole numbers, each where it is expected.
 *
 * The caller asks for one kind of value at a time, so that nothing is built from the bytes but what was asked for, and
 * a text nested deeper than the header's structure is refused at its first surplus bracket. A key that stands twice is
 * refused in every record. RFC 8259; unlike `JSON.parse`, half of a surrogate pair is refused too.
 */
export class JsonCursor {
  readonly #bytes: Uint8Array;
  /** Byte in the file at which the text begins. */
  readonly #start: number;
  #position = 0;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#start = start;
  }

  /** Byte in the file of the next character. */
  get offset(): number {
    return this.#start + this.#position;
  }

  /** Calls `field` for each key of a record, with the cursor before its value and the offset of the key. */
  record(what: string, field: (key: string, offset: number) => void): void {
    this.#expect(OPEN_BRACE, what);
    if (this.#accept(CLOSE_BRACE)) return;
    const seen = new Set<string>();
    do {
      this.#skipSpace();
      const { offset } = this;
      const key = this.string(`a key of ${what}`);
      if (seen.has(key)) {
        throw formatError("E707", `key ${quoted(key)} stands twice in ${what}`, {
          offset,
          fix: "write the file again with unique names",
        });
      }
      seen.add(key);
      this.#expect(COLON, `a colon after key ${quoted(key)}`);
      field(key, offset);
    } while (this.#accept(COMMA));
    this.#expect(CLOSE_BRACE, `a comma or the end of ${what}`);
  }

  /** Calls `item` for each place of a list, with the cursor before its value. */
  list(what: string, item: () => void): void {
    this.#expect(OPEN_BRACKET, what);
    if (this.#accept(CLOSE_BRACKET)) return;
    do item();
    while (this.#accept(COMMA));
    this.#expect(CLOSE_BRACKET, `a comma or the end of ${what}`);
  }

  string(what: string): string {
    this.#expect(QUOTE, what);
    const { offset } = this;
    let text = "";
    let plain = this.#position; // from here on no escape was met
    for (let byte = this.#next(); byte !== QUOTE; byte = this.#next()) {
      if (byte === BACKSLASH) {
        text += this.#decode(plain, this.#position, what) + this.#escape(what);
        plain = this.#position;
      } else if (byte < SPACE) throw this.#unexpected(what);
      else this.#position++;
    }
    text += this.#decode(plain, this.#position++, what);
    if (/\p{Surrogate}/u.test(text)) {
      throw formatError("E711", `${what} has half of a surrogate pair`, {
        offset,
        fix: "write the file again with names in Unicode",
      });
    }
    return text;
  }

  /** A number from 0 to 2⁵³ − 1, written in digits alone. */
  wholeNumber(what: string): number {
    this.#skipSpace();
    const { offset } = this;
    const from = this.#position;
    while (isNumberCharacter(this.#next())) this.#position++;
    const digits = this.#decode(from, this.#position, what);
    if (digits === "") throw this.#unexpected(what);
    const value = /^(0|[1-9][0-9]*)$/.test(digits) ? Number(digits) : Number.NaN;
    if (Number.isSafeInteger(value)) return value;
    throw formatError("E710", `${what} is ${quoted(digits)}, not a whole number from 0 to 2^53 - 1`, {
      offset,
      fix: "write sizes and offsets in decimal digits",
    });
  }

  /** Nothing but space may follow. */
  end(what: string): void {
    this.#skipSpace();
    if (this.#position < this.#bytes.length) throw this.#unexpected(`the end of ${what}`);
  }

  /** The byte at the cursor, −1 at the end. */
  #next(): number {
    return this.#bytes[this.#position] ?? -1;
  }

  #accept(byte: number): boolean {
    this.#skipSpace();
    if (this.#next() !== byte) return false;
    this.#position++;
    return true;
  }

  #expect(byte: number, what: string): void {
    if (!this.#accept(byte)) throw this.#unexpected(what);
  }

  #skipSpace(): void {
    for (
      let byte = this.#next();
      byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09;
      byte = this.#next()
    ) {
      this.#position++;
    }
  }

  /** The character that the escape at the cursor stands for. */
  #escape(what: string): string {
    const letter = String.fromCharCode(this.#bytes[this.#position + 1] ?? 0);
    const simple = ESCAPES.get(letter);
    if (simple !== undefined) {
      this.#position += 2;
      return simple;
    }
    const digits = String.fromCharCode(...this.#bytes.subarray(this.#position + 2, this.#position + 6));
    if (letter !== "u" || !/^[0-9a-fA-F]{4}$/.test(digits)) throw this.#unexpected(what);
    this.#position += 6;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  #decode(from: number, to: number, what: string): string {
    try {
      return decoder.decode(this.#bytes.subarray(from, to));
    } catch {
      throw formatError("E705", `${what} is not UTF-8`, {
        offset: this.#start + from,
        fix: "write the file again with names in UTF-8",
      });
    }
  }

  #unexpected(what: string): SafetensorsError {
    const byte = this.#next();
    const printable = byte > SPACE && byte < 0x7f;
    const found = byte < 0 ? "the end of the header" : printable ? String.fromCharCode(byte) : `byte ${byte}`;
    return formatError("E706", `expected ${what} but found ${found}`, {
      offset: this.offset,
      fix: "write the file again; its header is not that of a safetensors file",
    });
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
export const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

/** Digits, and what else a number of JSON may hold, so that a whole wrong number stands in the message. */
function isNumberCharacter(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) || byte === 0x2b || byte === 0x2d || byte === 0x2e || byte === 0x45 || byte === 0x65
  );
}
