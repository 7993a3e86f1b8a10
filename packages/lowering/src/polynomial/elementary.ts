import { elementaryOps } from "../kernel/kernel.ts";
import { late } from "../late.ts";
import type { Arithmetic } from "./arithmetic.ts";
import { exp } from "./exp.ts";
import { log } from "./log.ts";

/** The primitives that have a polynomial, by the names of their ops. */
export type ElementaryName = (typeof elementaryOps)[number] | "pow";

/** Those but for `exp` and `log`. */
const rare = late(() => import("./rare.ts"));

/** Loads what these words, `wordsOf` kernels, have of the primitives; a target does so while it prepares a program. */
export async function loadElementary(words: ReadonlySet<unknown>): Promise<void> {
  const isRare = (op: string): boolean => op !== "exp" && op !== "log" && words.has(op);
  if ([...elementaryOps, "pow"].some(isRare)) await rare.load();
}

/** A primitive as a polynomial of its operands, in any target's language. */
export const elementary = (
  name: ElementaryName,
): (<F, I, P>(target: Arithmetic<F, I, P>, ...x: readonly [F, ...F[]]) => F) =>
  name === "exp" ? exp : name === "log" ? log : rare.now[name];
