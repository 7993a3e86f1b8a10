import { LimitError } from "./errors.ts";

/** What a program from outside may ask of this one. The host may raise or lower each. */
export interface Limits {
  /** Bytes of one encoded module, weights not counted; characters of a text. */
  readonly fileBytes: number;
  /** Ops of all functions together. */
  readonly ops: number;
  readonly functions: number;
  /** How deeply functions call one another. */
  readonly callDepth: number;
  /** Operands of one op, and results of one op. */
  readonly operands: number;
  /** Inputs of one function, and results of one function. */
  readonly arguments: number;
  readonly rank: number;
  /** Elements of one tensor, at the symbols' lowest values. */
  readonly elements: number;
  /** Entries of one list in an attribute. */
  readonly listLength: number;
  /** Lists and records inside one another in an attribute. */
  readonly attrDepth: number;
  readonly stringBytes: number;
  /** Nodes of one size expression. */
  readonly dimNodes: number;
  /** Dense constants of the module together. */
  readonly constantBytes: number;
}

export const defaultLimits: Limits = {
  fileBytes: 64 * 2 ** 20,
  ops: 1_000_000,
  functions: 10_000,
  callDepth: 64,
  operands: 4096,
  arguments: 65_536,
  rank: 8,
  elements: 2 ** 31 - 1,
  listLength: 65_536,
  attrDepth: 16,
  stringBytes: 65_536,
  dimNodes: 64,
  constantBytes: 16 * 2 ** 20,
};

const words: Readonly<Record<keyof Limits, string>> = {
  fileBytes: "bytes",
  ops: "ops",
  functions: "functions",
  callDepth: "calls inside one another",
  operands: "operands or results of one op",
  arguments: "inputs or results of one function",
  rank: "axes",
  elements: "elements",
  listLength: "entries of one list",
  attrDepth: "lists inside one another",
  stringBytes: "bytes of one string",
  dimNodes: "nodes of one size expression",
  constantBytes: "bytes of constants",
};

/** Throws when `count` is above the limit `key`. `at` is asked for the place only then. */
export function checkLimit(form: string, limits: Limits, key: keyof Limits, count: number, at?: () => string): void {
  if (count <= limits[key]) return;
  throw new LimitError("E150", form, `${count} ${words[key]} are more than ${limits[key]}`, {
    at: at?.(),
    fix: `raise limits.${key} if you trust the source`,
  });
}
