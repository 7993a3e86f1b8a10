import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../scripts/workspace.mjs";

interface Row {
  readonly promise: string;
  readonly tests: readonly (readonly [path: string, title: string])[];
  readonly owing: readonly string[];
}

/** The rows of all tables: a promise, and tests, `path`: “title”, or `owed by` packages. */
const rows: readonly Row[] = [
  ...readFileSync(join(root, "docs/semantics.md"), "utf8").matchAll(/^\| (.+?[.:]) \| (.+) \|$/gm),
].map(([, promise = "", proof = ""]) => ({
  promise,
  tests: [...proof.matchAll(/`([\w./-]+\.test\.ts)`: “([^”]+)”/g)].map(([, path, title]) => [path!, title!] as const),
  owing: [...(/owed by (.+)$/.exec(proof)?.[1] ?? "").matchAll(/`(@tenon\/[\w-]+)`/g)].map(([, name]) => name!),
}));

const textOf = (path: string): string => (existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : "");

test("every sentence has a test, or a package that will owe it", () => {
  expect(rows.length).toBeGreaterThan(60);
  const bare = rows.filter(({ tests, owing }) => tests.length === 0 && owing.length === 0);
  expect(bare.map(({ promise }) => promise)).toEqual([]);
});

test("every test that a sentence names exists under that title", () => {
  const named = rows.flatMap(({ tests }) => tests);
  const missing = named.filter(([path, title]) => !textOf(path).includes(`"${title}"`));
  expect(missing.map(([path, title]) => `${path}: ${title}`)).toEqual([]);
});
