import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../scripts/workspace.mjs";
import { blocksOf, programsOf } from "./markdown.ts";
import { documents, readPackages } from "./sources.ts";

const read = (path: string) => readFileSync(join(root, path), "utf8");

describe("the programs of the documents run:", () => {
  const programs = documents().flatMap((path) =>
    programsOf(read(path)).map(({ line }, block) => ({ path, line, block })),
  );

  // What a program writes goes into a folder of its own.
  let folder: string;
  const home = process.cwd();
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tenon-docs-"));
    process.chdir(folder);
  });
  afterAll(() => {
    process.chdir(home);
    rmSync(folder, { recursive: true });
  });

  test.each(programs)("$path:$line", { timeout: 60_000 }, async ({ path, block }) => {
    await import(/* @vite-ignore */ `${root}/${path}?program=${block}`);
  });
});

describe("a package's README has a title, one sentence, a program, and what it may import:", () => {
  test.each(readPackages())("$name", ({ name, manifest }) => {
    const text = read(`packages/${name.split("/").at(-1)}/README.md`);
    const [title, sentence] = text.split("\n\n");
    expect(title).toBe(`# ${name}`);
    expect(sentence).toMatch(/^[^#`].*\.$/s);
    expect(programsOf(text).length).toBeGreaterThan(0);
    const imports = /^Imports: (.*)$/m.exec(text)?.[1] ?? "there is no line that begins with `Imports: `";
    for (const dependency of Object.keys(manifest.dependencies ?? {})) expect(imports).toContain(`\`${dependency}\``);
  });
});

test("a fence within a longer fence is text", () => {
  const text = "````md\n```ts\na\n```\n````\n\n```ts no-run\nb\n```\n```ts\nc\nd\n```\n";
  expect(blocksOf(text).map(({ info }) => info)).toEqual(["md", "ts no-run", "ts"]);
  expect(programsOf(text)).toEqual([{ info: "ts", code: "c\nd", line: 11 }]);
});
