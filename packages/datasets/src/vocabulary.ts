import { DataError } from "./errors.ts";
import { outside } from "./range.ts";

/** Numbers for the parts of texts, and back. */
export interface Vocabulary {
  /** The part that each number stands for. */
  readonly tokens: readonly string[];
  /** How many there are. */
  readonly size: number;
  /** The numbers of a text's parts, in order. */
  encode(text: string): Int32Array;
  /** The text of numbers. */
  decode(ids: ArrayLike<number>): string;
}

/** The tokens of these numbers. */
export function tokensOf(op: string, tokens: readonly string[], ids: ArrayLike<number>): string[] {
  return Array.from(ids, (id, i) => {
    const token = tokens[id];
    if (token !== undefined) return token;
    throw outside(op, `number ${i} is ${id}, outside the ${tokens.length} tokens`, "decode numbers of this vocabulary");
  });
}

/** A text has a part that a vocabulary without a token for unknown parts does not know. */
export const unknownToken = (op: string, token: string, at: number): DataError =>
  new DataError("FormatError", "E778", op, `${JSON.stringify(token)} at ${at} is none of the characters`, {
    fix: "make the vocabulary from a text that has it, or leave it out",
  });
