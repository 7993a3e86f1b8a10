import { kindOf } from "./walk.ts";

/*
 * What errors tell of trees. Bundles of pages have `no-prose.ts` in its place, unless they are made for development.
 */

const MAX_KEYS = 8; // more would hide the rest of the message

/** What stands at a place of a tree. */
export function describe(value: unknown): string {
  const kind = kindOf(value);
  if (kind === "list") return `a list of ${(value as readonly unknown[]).length}`;
  if (kind === "record") {
    const keys = Object.keys(value as object);
    const names = keys.slice(0, MAX_KEYS).join(", ") + (keys.length > MAX_KEYS ? `, … ${keys.length} keys` : "");
    return `a record {${names}}`;
  }
  if (kind === "empty") return "null";
  if (typeof value !== "object") return `a leaf (${typeof value})`;
  return `a leaf (${(value as object).constructor?.name ?? "object"})`;
}
