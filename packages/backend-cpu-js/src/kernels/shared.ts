import type { ModuleBuilder } from "../assembler/module.ts";
import type { Func } from "../assembler/values.ts";

const made = new WeakMap<ModuleBuilder, Map<string, Func>>();

/** The function of that key in the module, written when the first kernel wants it. */
export function sharedFunction(m: ModuleBuilder, key: string, write: () => Func): Func {
  let functions = made.get(m);
  if (functions === undefined) made.set(m, (functions = new Map()));
  let func = functions.get(key);
  if (func === undefined) functions.set(key, (func = write()));
  return func;
}
