import { late } from "./late.ts";

/** Ops and shapes of addresses that most programs do without. */
export const rare = late(() => import("./rare.ts"));

/** The elementary functions but for `exp`, `expm1` and `log`. */
export const rarePolynomials = late(() => import("./polynomial/rare.ts"));

/** Loads all that is loaded when it is wanted, for those who use this package without a backend. */
export async function loadParts(): Promise<void> {
  await Promise.all([rare.load(), rarePolynomials.load()]);
}
