import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { nearest } from "../scripts/nearest.mjs";
import { packagesIn, root } from "../scripts/workspace.mjs";
import { type PackageSource, readPackage } from "./sources.ts";

const packages = packagesIn("packages").map((folder) => ({ folder, ...readPackage(folder) }));

/** `./dist/node.js` is built from `src/node.ts`. */
const sourceOf = (built: string) => built.replace("./dist/", "src/").replace(/(\.d\.ts|\.js)$/, ".ts");

function entries({ manifest }: PackageSource): readonly (readonly [subpath: string, source: string])[] {
  return Object.entries(manifest.exports ?? {}).flatMap(([subpath, target]) =>
    typeof target === "string"
      ? []
      : [...new Set(Object.values(target).map(sourceOf))].map((source) => [subpath, source] as const),
  );
}

describe("the manifest is exact:", () => {
  test.each(packages)("$name", (source) => {
    const { folder, manifest, files } = source;
    expect(manifest).toMatchObject({
      license: "MIT",
      type: "module",
      engines: { node: ">=20.19" },
      files: ["dist"],
      publishConfig: { access: "public" },
    });
    expect(manifest.name).toBe(`@tenon/${folder.slice("packages/".length)}`);

    for (const [, path] of entries(source)) expect([...files.keys()]).toContain(path);
    const preset = readFileSync(join(root, folder, "tsup.config.ts"), "utf8");
    for (const [, path] of entries(source)) expect(preset).toContain(`"${path.slice("src/".length, -".ts".length)}"`);

    const { sideEffects } = manifest;
    expect(sideEffects === false || Array.isArray(sideEffects)).toBe(true);
    for (const built of Array.isArray(sideEffects) ? sideEffects : [])
      expect([...files.keys()]).toContain(sourceOf(built));
  });
});

describe("a file that is imported for what it does, and the one that does so, count as side effects:", () => {
  test.each(packages)("$name", ({ manifest, files }) => {
    const listed = new Set(Array.isArray(manifest.sideEffects) ? manifest.sideEffects.map(sourceOf) : []);
    const unlisted = [...files].flatMap(([path, text]) => {
      const bare = [...text.matchAll(/^import "([^"]+)";/gm)].map(([, specifier]) => specifier!);
      const inside = bare.filter((specifier) => specifier.startsWith("."));
      const touched = [...(bare.length > 0 ? [path] : []), ...inside.map((to) => posix.join(posix.dirname(path), to))];
      return touched.filter((file) => !listed.has(file));
    });
    expect(unlisted).toEqual([]);
  });
});

test("TypeScript finds every entry by its source", () => {
  const { config } = ts.readConfigFile(join(root, "tsconfig.base.json"), ts.sys.readFile) as {
    config: { compilerOptions: { paths: Record<string, string[]> } };
  };
  const expected = packages.flatMap((source) =>
    Object.entries(source.manifest.exports ?? {}).flatMap(([subpath, target]) =>
      typeof target === "string"
        ? []
        : [[source.name + subpath.slice(1), [`./${source.folder}/${sourceOf(target.types!)}`]]],
    ),
  );
  expect(config.compilerOptions.paths).toEqual(Object.fromEntries(expected));
});

test("a package declares no package of the house that it does not import", () => {
  const unused = packages.flatMap(({ name, manifest, files }) => {
    const text = [...files.values()].join("\n");
    const declared = Object.keys(manifest.dependencies ?? {});
    return declared
      .filter((dependency) => !text.includes(`"${dependency}`))
      .map((dependency) => `${name} → ${dependency}`);
  });
  expect(unused).toEqual([]);
});

test("the lock file names no registry", () => {
  expect(readFileSync(join(root, "pnpm-lock.yaml"), "utf8")).not.toMatch(/https?:/);
});

test("a misspelt name is answered with the nearest one", () => {
  expect(nearest("frist-step", ["continue-step", "first-steps"])).toBe("first-steps");
  expect(nearest("x", [])).toBeUndefined();
});
