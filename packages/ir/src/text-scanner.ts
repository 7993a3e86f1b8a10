import { FormatError, TenonError } from "./errors.ts";

/** A position in a text of the IR, and what can be read from there. Blanks and `//` comments separate words. */
export class Scanner {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
    this.skip();
  }

  get ended(): boolean {
    return this.at >= this.text.length;
  }

  private skip(): void {
    for (;;) {
      const start = this.at;
      this.match(blank);
      this.match(comment);
      if (this.at === start) return;
    }
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  /** What `pattern`, a sticky expression, matches here, and goes past it. */
  take(pattern: RegExp): string | undefined {
    const found = this.match(pattern);
    if (found !== undefined) this.skip();
    return found;
  }

  /** Whether `mark` stands here. */
  sees(mark: string): boolean {
    return this.text.startsWith(mark, this.at);
  }

  /** Goes past `mark` if it stands here. */
  eat(mark: string): boolean {
    if (!this.sees(mark)) return false;
    this.at += mark.length;
    this.skip();
    return true;
  }

  expect(mark: string): void {
    if (!this.eat(mark)) throw this.unexpected(mark);
  }

  /** Goes past the word `word` if it stands here. */
  eatWord(word: string): boolean {
    const start = this.at;
    if (this.take(wordPattern) === word) return true;
    this.at = start;
    return false;
  }

  word(what: string): string {
    const found = this.take(wordPattern);
    if (found === undefined) throw this.unexpected(what);
    return found;
  }

  integer(what: string): number {
    const start = this.at;
    const digits = this.take(integerPattern);
    if (digits === undefined) throw this.unexpected(what);
    const value = Number(digits);
    if (!Number.isSafeInteger(value)) throw this.problem("E110", `${digits} is no exact integer`, start);
    return value;
  }

  string(what: string): string {
    const start = this.at;
    if (!this.sees('"')) throw this.unexpected(what);
    let end = start + 1;
    while (end < this.text.length && this.text[end] !== '"' && this.text[end] !== "\n") {
      end += this.text[end] === "\\" ? 2 : 1;
    }
    if (this.text[end] !== '"') throw this.problem("E110", "a string is not closed", start);
    const quoted = this.text.slice(start, end + 1);
    try {
      const value = JSON.parse(quoted) as string;
      this.at = end + 1;
      this.skip();
      return value;
    } catch {
      throw this.problem("E110", `${clip(quoted)} is no string`, start);
    }
  }

  /** The text between `open`, which stands here, and the `close` that belongs to it. */
  between(open: string, close: string): { readonly text: string; readonly at: number } {
    const start = this.at;
    if (!this.sees(open)) throw this.unexpected(open);
    let depth = 0;
    for (let i = start; i < this.text.length && this.text[i] !== "\n"; i++) {
      if (this.text[i] === open) depth++;
      else if (this.text[i] === close && --depth === 0) {
        this.at = i + 1;
        this.skip();
        return { text: this.text.slice(start + 1, i), at: start + 1 };
      }
    }
    throw this.problem("E110", `${open} is not closed`, start);
  }

  /** `body`'s errors about a size or type as errors of this text. */
  located<T>(code: string, at: number, body: () => T): T {
    try {
      return body();
    } catch (error) {
      if (!(error instanceof TenonError) || error.op === "text") throw error;
      throw new FormatError(code, "text", error.problem, { at: this.place(at), fix: error.details.fix });
    }
  }

  unexpected(wanted: string): FormatError {
    const rest = /\S+/y;
    rest.lastIndex = this.at;
    const found = this.ended ? "the end" : JSON.stringify(clip(rest.exec(this.text)![0]));
    return this.problem("E110", `expected ${wanted}, found ${found}`);
  }

  problem(code: string, problem: string, at = this.at, fix?: string): FormatError {
    return new FormatError(code, "text", problem, { at: this.place(at), fix });
  }

  place(at = this.at): string {
    const before = this.text.slice(0, at);
    const line = before.split("\n").length;
    return `line ${line}, column ${at - before.lastIndexOf("\n")}`;
  }
}

const clip = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text);

const blank = /\s+/y;
const comment = /\/\/[^\n]*/y;
const wordPattern = /[A-Za-z_][\w.-]*/y;
const integerPattern = /\d+/y;
