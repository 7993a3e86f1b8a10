import { lookupOp } from "@tenon/ir";
import type { ModuleBuilder } from "../assembler/module.ts";
import type { Func } from "../assembler/values.ts";

/** What WebAssembly has no instruction for in float64, and `rem` in float32 either; how many numbers each takes. */
const counts = { exp: 1, expm1: 1, log: 1, log1p: 1, tanh: 1, erf: 1, sin: 1, cos: 1, pow: 2, rem: 2 } as const;

type MathName = keyof typeof counts;
export type MathFunctions = Readonly<Record<MathName, Func<readonly ["f64"]>>>;

/** Imports the functions from `math`; before anything is defined, as imports are. */
export function importMath(m: ModuleBuilder): MathFunctions {
  const functions = Object.entries(counts).map(([name, count]) => {
    const params = count === 1 ? { x: "f64" } : ({ x: "f64", y: "f64" } as const);
    return [name, m.importFunc("math", name, { params: params as { x: "f64" }, results: ["f64"] })] as const;
  });
  return Object.fromEntries(functions) as unknown as MathFunctions;
}

/** What an instance gives as `math`: the meanings of the ops in float64. */
export const mathImports: Readonly<Record<MathName, (...x: readonly number[]) => number>> = Object.fromEntries(
  Object.keys(counts).map((name) => [name, (...x: readonly number[]) => lookupOp(name)!.evaluate!(...x)]),
) as Record<MathName, (...x: readonly number[]) => number>;
