import type { Elementary } from "./arithmetic.ts";
import { erf } from "./erf.ts";
import { exp, expm1 } from "./exp.ts";
import { log, log1p } from "./log.ts";
import { tanh } from "./tanh.ts";
import { cos, sin } from "./trigonometric.ts";

/** The primitives that have a polynomial, by the names of their ops. */
export const elementary = { exp, expm1, log, log1p, tanh, erf, sin, cos } as const satisfies Record<string, Elementary>;

export type ElementaryName = keyof typeof elementary;
