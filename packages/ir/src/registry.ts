import { OptionError } from "./errors.ts";
import type { OpRecord } from "./record.ts";

const registry = new Map<string, OpRecord>();

/** Every op known to this program, by name. */
export const allOps = (): readonly OpRecord[] => [...registry.values()].sort((a, b) => (a.name < b.name ? -1 : 1));

/** The record of an op, or undefined. */
export const lookupOp = (name: string): OpRecord | undefined => registry.get(name);

export function registerOp<R extends OpRecord>(record: R): R {
  const before = registry.get(record.name);
  if (before !== undefined && before !== record && before.version === record.version) {
    throw new OptionError("E804", record.name, "an op of this name and version is already defined", {
      fix: "use a name in your own namespace",
    });
  }
  registry.set(record.name, record);
  return record;
}
