import { foldIndex, type IndexBuilder } from "./index-fold.ts";
import type { IndexNode } from "./index-node.ts";

/** A piece of text and how tightly its outermost operator binds. */
interface Piece {
  readonly text: string;
  readonly level: number;
}

const atom = (text: string): Piece => ({ text, level: 9 });
const wrapped = ({ text, level }: Piece, least: number): string => (level < least ? `(${text})` : text);
const binary =
  (operator: string, level: number) =>
  (a: Piece, b: Piece): Piece => ({ text: `${wrapped(a, level)} ${operator} ${wrapped(b, level + 1)}`, level });
const call =
  (name: string) =>
  (...operands: readonly Piece[]): Piece =>
    atom(`${name}(${operands.map((p) => p.text).join(", ")})`);

const text: IndexBuilder<Piece> = {
  constant: (value) => atom(String(value)),
  variable: ({ name }) => atom(name),
  add: binary("+", 4),
  subtract: binary("-", 4),
  multiply: binary("*", 5),
  floorDiv: (a, b) => binary("floordiv", 5)(a, b),
  mod: (a, b) => binary("mod", 5)(a, b),
  min: call("min"),
  max: call("max"),
  select: call("select"),
  boolean: (value) => atom(String(value)),
  less: binary("<", 3),
  equal: binary("=", 3),
  notEqual: binary("≠", 3),
  and: binary("and", 2),
  or: binary("or", 1),
};

/** The expression or predicate as people read it: `28*y + x mod 4`, `1 < i + k and i + k < 9`. */
export const indexText = (root: IndexNode): string => foldIndex(root, text).text;
