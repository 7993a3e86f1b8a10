import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../scripts/workspace.mjs";
import { resultsOf, runProgram } from "./programs.ts";
import { examples, quickOptions } from "./quick-examples.ts";

describe("it reaches what it is to show, and its last line is the result:", () => {
  test.each(examples)(
    "%s",
    async (folder) => {
      const outcome = await runProgram(`${folder}/main.ts`, [...quickOptions(folder), "--json"]);
      expect(outcome.code, outcome.errors).toBe(0);
      expect(outcome.output).toMatch(/^✓ /m);
      expect(Object.keys(resultsOf(outcome)).length).toBeGreaterThan(0);
    },
    120_000,
  );
});

describe("a misspelt option is answered with the right one:", () => {
  test.each(examples)(
    "%s",
    async (folder) => {
      const outcome = await runProgram(`${folder}/main.ts`, ["--sede", "1"]);
      expect(outcome.errors).toContain("unknown option sede.\n  fix: did you mean seed?");
      expect(outcome.code).toBe(2);
    },
    60_000,
  );
});

test("the README lists every program", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const missing = examples.filter((folder) => !readme.includes(`(${folder})`));
  expect(missing).toEqual([]);
});
