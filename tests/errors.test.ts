import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../scripts/workspace.mjs";
import { readPackages } from "./sources.ts";

const rows = [...readFileSync(join(root, "docs/errors.md"), "utf8").matchAll(/^\| (E\d{3}) \| (.+?) \| .+ \|$/gm)].map(
  ([, code = "", classes = ""]) => ({ code, classes: classes.split(", ") }),
);
const sources = readPackages().flatMap(({ name, files }) => [...files].map(([path, text]) => ({ name, path, text })));

const byNumber = (codes: Iterable<string>): readonly string[] => [...new Set(codes)].sort();

test("every error code of the sources stands in docs/errors.md, once and in order, and no other", () => {
  const used = sources.flatMap(({ text }) =>
    [...text.matchAll(/"(E[1-9]\d\d)"|^\s+(E3\d\d): "/gm)].map(([, a, b]) => (a ?? b)!),
  );
  const listed = rows.map(({ code }) => code);
  expect(byNumber(used).filter((code) => !listed.includes(code))).toEqual([]);
  expect(listed).toEqual(byNumber(used));
});

test("an error is of a class that docs/errors.md gives for its code", () => {
  const thrown = sources.flatMap(({ name, path, text }) =>
    [...text.matchAll(/new (\w+Error)\(\s*(?:"(\w+Error)",\s*)?"(E[1-9]\d\d)"/g)].map(([, type, named, code]) => ({
      place: `${name} ${path}: ${code} ${named ?? type}`,
      known: rows.some((row) => row.code === code && row.classes.includes((named ?? type)!)),
    })),
  );
  expect(thrown.length).toBeGreaterThan(50);
  expect(thrown.filter(({ known }) => !known).map(({ place }) => place)).toEqual([]);
});
