import { describe, expect, test } from "vitest";
import { nodeOutsideNode, wrongArrows } from "./arrows.ts";
import { type Manifest, type PackageSource, readPackages } from "./sources.ts";

const packages = readPackages();

test("there are packages, with sources, to check", () => {
  expect(packages.length).toBeGreaterThan(0);
  expect(packages.filter(({ files }) => files.size === 0).map(({ name }) => name)).toEqual([]);
});

test("every package imports only from rows above its own", () => {
  expect(wrongArrows(packages)).toEqual([]);
});

test("only entries for Node reach modules of Node", () => {
  expect(packages.flatMap(nodeOutsideNode)).toEqual([]);
});

describe("the check bites:", () => {
  function fixture(name: string, file: string, manifest: Omit<Manifest, "name"> = {}): PackageSource {
    return { name, manifest: { name, ...manifest }, files: new Map([["src/index.ts", file]]) };
  }

  const cases: readonly (readonly [title: string, source: PackageSource, reason: string])[] = [
    [
      "an import from a row below",
      fixture("@tenon/ir", `import { grad } from "@tenon/autograd";`),
      "@tenon/ir src/index.ts → @tenon/autograd: row 0 imports only from rows above it, and @tenon/autograd is in row 1",
    ],
    [
      "an import from the same row, of types, by a subpath",
      fixture("@tenon/backend", `export type { Vjp } from "@tenon/autograd/vjp";`),
      "@tenon/backend src/index.ts → @tenon/autograd/vjp: row 1 imports only from rows above it, and @tenon/autograd is in row 1",
    ],
    [
      "a dynamic import",
      fixture("@tenon/tree", `await import("@tenon/ir");`),
      "@tenon/tree src/index.ts → @tenon/ir: row 0 imports only from rows above it, and @tenon/ir is in row 0",
    ],
    [
      "a layer that knows gradients",
      fixture("@tenon/layers", `import "@tenon/autograd";`),
      "@tenon/layers src/index.ts → @tenon/autograd: row 4 imports only @tenon/tensor and @tenon/tree",
    ],
    [
      "a library that names a backend",
      fixture("@tenon/tensor", `import "@tenon/interpreter";`),
      "@tenon/tensor src/index.ts → @tenon/interpreter: the application names a backend, the library never does",
    ],
    [
      "an import that package.json does not name",
      fixture("@tenon/autograd", `import "@tenon/ir";`),
      "@tenon/autograd src/index.ts → @tenon/ir: package.json does not name it",
    ],
    [
      "a file of another package",
      fixture("@tenon/tree", `import "../../ir/src/index.ts";`),
      "@tenon/tree src/index.ts → ../../ir/src/index.ts: there is no such file in the package",
    ],
    [
      "a forbidden dependency",
      fixture("@tenon/ir", "", { dependencies: { "@tenon/tensor": "workspace:*" } }),
      "@tenon/ir package.json → @tenon/tensor: row 0 imports only from rows above it, and @tenon/tensor is in row 3",
    ],
    [
      "a devDependency on a package of the house",
      fixture("@tenon/ir", "", { devDependencies: { "@tenon/tree": "workspace:*" } }),
      "@tenon/ir package.json → @tenon/tree: tests find packages by their paths, not by a devDependency",
    ],
    [
      "a package without a row",
      fixture("@tenon/utils", `import "@tenon/ir";`, { dependencies: { "@tenon/ir": "workspace:*" } }),
      "@tenon/utils src/index.ts → @tenon/ir: @tenon/utils stands in no row",
    ],
  ];

  test.each(cases)("%s", (_title, source, reason) => {
    expect(wrongArrows([source])).toContain(reason);
  });

  test("a module of Node behind an entry for everyone", () => {
    const source = fixture("@tenon/tree", `import "./file.ts";`, {
      exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } },
    });
    const files = new Map([...source.files, ["src/file.ts", `import { readFileSync } from "node:fs";`]]);
    expect(nodeOutsideNode({ ...source, files })).toEqual([`@tenon/tree "." reaches node:fs in src/file.ts`]);
  });
});
