import { existsSync, readFileSync } from "node:fs";
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
      files: ["dist", ...["schema", "native", "CMakeLists.txt"].filter((name) => existsSync(join(root, folder, name)))],
      publishConfig: { access: "public" },
    });
    const name = folder.slice("packages/".length);
    expect(manifest.name).toBe(name === "tenon" ? name : `@tenon/${name}`);

    for (const [, path] of entries(source)) expect([...files.keys()]).toContain(path);
    const preset = readFileSync(join(root, folder, "tsup.config.ts"), "utf8");
    for (const [, path] of entries(source)) expect(preset).toContain(`"${path.slice("src/".length, -".ts".length)}"`);
  });
});

test("the addon of cuda-native has a package for each of its platforms, which nobody else can install", () => {
  const platforms = packagesIn("packages/backend-cuda-native/npm").map(readPackage);
  const { manifest } = packages.find(({ name }) => name === "@tenon/backend-cuda-native")!;
  expect(Object.keys(manifest.optionalDependencies!)).toEqual(platforms.map(({ name }) => name));
  for (const { name, manifest: own } of platforms) {
    const [, os, cpu] = /^@tenon\/backend-cuda-native-(\w+)-(\w+)$/.exec(name)!;
    expect(own).toMatchObject({
      os: [os],
      cpu: [cpu],
      libc: ["glibc"],
      main: "tenon_cuda.node",
      files: ["tenon_cuda.node"],
    });
    const { version, license, engines, publishConfig } = manifest;
    expect(own).toMatchObject({ version, license, engines, publishConfig });
    expect(Object.keys(own.scripts!)).toEqual(["prepack"]);
  }
});

/** The files that do something when they are imported, as far as their top level shows it, and those that import them for it. */
function effectful({ files }: PackageSource): readonly string[] {
  const found = [...files].flatMap(([path, text]) => {
    const statements = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext).statements;
    const bare = statements.flatMap((statement) =>
      ts.isImportDeclaration(statement) && statement.importClause === undefined
        ? [(statement.moduleSpecifier as ts.StringLiteral).text]
        : [],
    );
    const inside = bare.filter((to) => to.startsWith(".")).map((to) => posix.join(posix.dirname(path), to));
    return statements.some(ts.isExpressionStatement) || bare.length > 0 ? [path, ...inside] : [];
  });
  // A bundler that skips the index would skip what it imports.
  return found.length === 0 ? [] : [...new Set(["src/index.ts", ...found])].sort();
}

describe("the files that do something when they are imported, and no others, are the side effects:", () => {
  test.each(packages)("$name", (source) => {
    const expected = effectful(source).map((path) => path.replace("src/", "./dist/").replace(/\.ts$/, ".js"));
    expect(source.manifest.sideEffects).toEqual(expected.length > 0 ? expected : false);
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
  expect(nearest("swop-backend", ["continue-step", "swap-backend"])).toBe("swap-backend");
  expect(nearest("x", [])).toBeUndefined();
});
