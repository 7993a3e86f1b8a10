import { existsSync, globSync, readFileSync } from "node:fs";
import ts from "typescript";
import { packagesIn, root } from "../scripts/workspace.mjs";

/** A package as the checks of this folder see it: its manifest, and its source files without tests. */
export interface PackageSource {
  readonly name: string;
  readonly manifest: Manifest;
  /** File texts by path below the package's folder. */
  readonly files: ReadonlyMap<string, string>;
}

export interface Manifest {
  readonly name: string;
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly sideEffects?: boolean | readonly string[];
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

export function readPackage(folder: string): PackageSource {
  const manifest = JSON.parse(readFileSync(`${root}/${folder}/package.json`, "utf8")) as Manifest;
  const paths = globSync("src/**/*.ts", { cwd: `${root}/${folder}` }).map((path) => path.replaceAll("\\", "/"));
  const files = paths.filter((path) => !/\.(test|test-kit|long|cuda)\.ts$/.test(path)).sort();
  return {
    name: manifest.name,
    manifest,
    files: new Map(files.map((path) => [path, readFileSync(`${root}/${folder}/${path}`, "utf8")])),
  };
}

export function readPackages(): readonly PackageSource[] {
  return packagesIn("packages").map(readPackage);
}

/** The module specifiers that a file imports or re-exports, types and dynamic imports included. */
export function importsOf(text: string): readonly string[] {
  return ts.preProcessFile(text).importedFiles.map((file) => file.fileName);
}

/** The Markdown files whose programs run as tests, relative to the root. */
export function documents(): readonly string[] {
  const readmes = ["README.md", ...packagesIn("packages").map((folder) => `${folder}/README.md`)];
  const pages = globSync("docs/*.md", { cwd: root }).map((path) => path.replaceAll("\\", "/"));
  return [...readmes.filter((path) => existsSync(`${root}/${path}`)), ...pages.sort()];
}
