import type { elementaryOps } from "../kernel/kernel.ts";
import { rare } from "../parts.ts";
import type { Arithmetic } from "./arithmetic.ts";
import { exp } from "./exp.ts";
import { expm1 } from "./expm1.ts";
import { log } from "./log.ts";

/** The primitives that have a polynomial, by the names of their ops. */
export type ElementaryName = (typeof elementaryOps)[number] | "pow";

/** Those that most programs have: an optimizer corrects its moments by `expm1`. */
const common = { exp, expm1, log };

/** A primitive as a polynomial of its operands, in any target's language. */
export const elementary = (
  name: ElementaryName,
): (<F, I, P>(target: Arithmetic<F, I, P>, ...x: readonly [F, ...F[]]) => F) =>
  name in common ? common[name as keyof typeof common] : rare.now[name as Exclude<ElementaryName, keyof typeof common>];
