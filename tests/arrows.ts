import { posix } from "node:path";
import { importsOf, type PackageSource } from "./sources.ts";

/** The row of every package: a package imports only from rows above its own, that is, from smaller numbers. */
const rows: Readonly<Record<string, number>> = {
  "@tenon/ir": 0,
  "@tenon/tree": 0,
  "@tenon/safetensors": 0,
  "@tenon/autograd": 1,
  "@tenon/backend": 1,
  "@tenon/interpreter": 2,
  "@tenon/lowering": 2,
  "@tenon/backend-cpu-js": 3,
  "@tenon/backend-webgpu": 3,
  "@tenon/backend-cuda-native": 3,
  "@tenon/tensor": 3,
  "@tenon/layers": 4,
  "@tenon/losses": 4,
  "@tenon/metrics": 4,
  "@tenon/optimizers": 4,
  "@tenon/datasets": 4,
  "@tenon/train": 5,
  "@tenon/onnx": 5,
  "@tenon/conformance": 5,
  "@tenon/cli": 6,
  tenon: 6,
  "create-tenon": 6,
};

const MODEL_SURFACE = 4; // its packages do not know that gradients, devices or each other exist
const APPLICATION = 6; // the first row that may name a backend; the conformance kit also has the reference executor

const isBackend = (name: string) => name.startsWith("@tenon/backend-") || name === "@tenon/interpreter";

/** Why `from` must not import `to`, or undefined. */
function forbidden(from: string, to: string): string | undefined {
  const [below, above] = [rows[from], rows[to]];
  if (below === undefined) return `${from} stands in no row`;
  if (above === undefined) return `${to} stands in no row`;
  if (above >= below) return `row ${below} imports only from rows above it, and ${to} is in row ${above}`;
  if (below === MODEL_SURFACE && to !== "@tenon/tensor" && to !== "@tenon/tree")
    return `row ${MODEL_SURFACE} imports only @tenon/tensor and @tenon/tree`;
  const oracle = from === "@tenon/conformance" && to === "@tenon/interpreter";
  if (isBackend(to) && below < APPLICATION && !oracle) return "the application names a backend, the library never does";
  return undefined;
}

const packageOf = (specifier: string) =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");

/** Every arrow that the order of the packages does not allow, one line each. */
export function wrongArrows(packages: readonly PackageSource[]): readonly string[] {
  return packages.flatMap((source) => [...wrongDependencies(source), ...wrongImports(source)]);
}

function wrongDependencies({ name, manifest }: PackageSource): readonly string[] {
  const { dependencies, optionalDependencies, peerDependencies, devDependencies } = manifest;
  const declared = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
  const own = (dependency: string) => dependency.startsWith(`${name}-`); // a built part of it, for one platform
  const inHouse = (dependency: string) => (dependency in rows || dependency.startsWith("@tenon/")) && !own(dependency);
  return [
    ...declared.filter(inHouse).flatMap((to) => {
      const reason = forbidden(name, to);
      return reason === undefined ? [] : [`${name} package.json → ${to}: ${reason}`];
    }),
    ...Object.keys(devDependencies ?? {})
      .filter(inHouse)
      .map((to) => `${name} package.json → ${to}: tests find packages by their paths, not by a devDependency`),
  ];
}

function wrongImports({ name, manifest, files }: PackageSource): readonly string[] {
  const declared = { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies };
  return [...files].flatMap(([path, text]) =>
    importsOf(text).flatMap((specifier) => {
      const reason = wrongImport(specifier, path);
      return reason === undefined ? [] : [`${name} ${path} → ${specifier}: ${reason}`];
    }),
  );

  function wrongImport(specifier: string, path: string): string | undefined {
    if (specifier.startsWith(".")) {
      return files.has(posix.join(posix.dirname(path), specifier)) ? undefined : "there is no such file in the package";
    }
    if (specifier.startsWith("node:")) return undefined;
    const to = packageOf(specifier);
    const inHouse = to in rows || to.startsWith("@tenon/");
    return (
      (inHouse ? forbidden(name, to) : undefined) ?? (to in declared ? undefined : "package.json does not name it")
    );
  }
}

/** The entries that reach a module of Node although no `node` condition or subpath stands before them, one line each. */
export function nodeOutsideNode({ name, manifest, files }: PackageSource): readonly string[] {
  return Object.entries(manifest.exports ?? {}).flatMap(([subpath, target]) => {
    if (typeof target === "string" || subpath === "./node" || target.default === undefined) return []; // for Node alone
    const path = reaching(target.default.replace("./dist/", "src/").replace(/\.js$/, ".ts"));
    return path === undefined ? [] : [`${name} "${subpath}" reaches ${path}`];
  });

  function reaching(entry: string): string | undefined {
    const seen = new Set([entry]);
    for (const path of seen) {
      for (const specifier of importsOf(files.get(path) ?? "")) {
        if (specifier.startsWith("node:")) return `${specifier} in ${path}`;
        if (specifier.startsWith(".")) seen.add(posix.join(posix.dirname(path), specifier));
      }
    }
    return undefined;
  }
}
