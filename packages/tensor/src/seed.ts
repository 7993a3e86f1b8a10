import { OptionError } from "@tenon/ir";

/** The words of a key from a seed, a whole number from 0 to 2⁵³ − 1: its upper and lower 32 bits. */
export function seedWords(op: string, seed: number): readonly [number, number] {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new OptionError("E803", op, `seed is ${seed}, which is no whole number from 0`, {
      fix: "use a whole number such as 0",
    });
  }
  return [Math.floor(seed / 2 ** 32), seed >>> 0];
}
