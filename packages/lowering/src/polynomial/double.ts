import type { Arithmetic } from "./arithmetic.ts";

/** The unrounded value `high + low`, where |low| is at most half a unit in the last place of high. */
export interface Double<F> {
  readonly high: F;
  readonly low: F;
}

/** The same sum, for |high| ≥ |low| (Dekker 1971, A floating-point technique for extending the available precision). */
export function normalise<F, I, P>({ add, sub }: Arithmetic<F, I, P>, high: F, low: F): Double<F> {
  const sum = add(high, low);
  return { high: sum, low: add(sub(high, sum), low) };
}

/** The 12 leading bits of x: products of two such are exact, fused or not. */
export function head<F, I, P>({ and, bits, fromBits, integer }: Arithmetic<F, I, P>, x: F): F {
  return fromBits(and(bits(x), integer(~0xfff)));
}
