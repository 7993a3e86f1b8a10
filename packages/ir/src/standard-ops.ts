import * as exported from "./ops/index.ts";
import type { OpRecord } from "./record.ts";
import { registerOp } from "./registry.ts";

/** The op that an export is or stands for. */
function recordOf(value: unknown): OpRecord | undefined {
  if (typeof value === "function" && "op" in value) return value.op as OpRecord;
  return typeof value === "object" && value !== null && "numeric" in value ? (value as OpRecord) : undefined;
}

let registered = false;

/**
 * Makes every op of this package known. Whatever reads modules calls it, since it may meet any of them: bundlers leave
 * out the ops that a program does not mention.
 */
export function registerStandardOps(): void {
  if (registered) return;
  registered = true;
  for (const value of Object.values(exported)) {
    const op = recordOf(value);
    if (op !== undefined) registerOp(op);
  }
}
