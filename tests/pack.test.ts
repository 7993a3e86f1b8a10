import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { capture, hostNode, tool, workspaceNode } from "../scripts/child.mjs";
import { npm } from "../scripts/managers.mjs";
import { tarballs } from "../scripts/packed.mjs";
import { root } from "../scripts/workspace.mjs";
import { bundlers, type Platform } from "./bundlers.ts";
import { programsOf } from "./markdown.ts";
import type { Manifest } from "./sources.ts";

/** What an application installs: the reference executor, and a backend that Node wants another package for. */
const packed = [
  ...["ir", "tree", "safetensors", "autograd", "backend", "interpreter", "tensor"],
  ...["lowering", "backend-webgpu"],
];

/** The program that a user of the packages reads first. */
const readme = () => programsOf(readFileSync(join(root, "packages/tensor/README.md"), "utf8"))[0]!.code;

/** Nothing but the two imports may keep the method and the registration alive. */
const bare = `
import "@tenon/interpreter";
import { tensor } from "@tenon/tensor";

const sum = tensor([1, 2]).add(tensor([3, 4]));
console.log(JSON.stringify([...(await sum.data())]));
`;

/** A step with an op that the program which loads it does not mention. */
const saving = `
import "@tenon/interpreter";
import { writeFileSync } from "node:fs";
import { compile, sort, tensor } from "@tenon/tensor";

const step = compile((x) => sort(x).mul(2));
await step(tensor([3, 1, 2]));
writeFileSync("step.tenon", await step.save());
`;
const loading = `
import "@tenon/interpreter";
import { readFileSync } from "node:fs";
import { loadStep, tensor } from "@tenon/tensor";

const step = await loadStep(readFileSync("step.tenon"));
const sorted = await step(tensor([3, 1, 2]));
console.log(JSON.stringify([...(await sorted.data())]));
`;

/** Where it finds no WebGPU, it says how to get it. */
const device = `
import { acquireDevice } from "@tenon/backend-webgpu";

const problem = await acquireDevice().catch((error) => error);
console.log(problem.code, String(problem.message).split("fix: ")[1]);
`;

/** What a user sees of a mistake. */
const mistaken = `
import { tensor } from "@tenon/tensor";

try {
  tensor([1, 2]).sum({ axis: 5 });
} catch (error) {
  console.log(String(error));
}
`;

/** The host's Node, which is the oldest that is supported where it matters, and the workspace's. */
const nodes = [...new Set([process.env.TENON_HOST_NODE ?? hostNode, workspaceNode()])];

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tenon-pack-"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "application", private: true, type: "module" }));
  const wanted = new RegExp(`tenon-(${packed.join("|")})-\\d`);
  const files = (await tarballs()).filter((path) => wanted.test(path));
  expect(files).toHaveLength(packed.length);
  // Offline, so that whatever else a package would need is missed here.
  const { file, args, shell } = npm(["install", "--offline", "--no-audit", "--no-fund", ...files]);
  const { status, output } = await capture(file, args, { cwd: folder, shell });
  expect(status, output).toBe(0);
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a file of the folder, and gives what it printed, less the line that says which backend was chosen; it must succeed. */
async function outputOf(node: string, path: string): Promise<string> {
  const env = { ...process.env, TENON_DEBUG: "" }; // as users have it
  const { status, output } = await capture(node, [path], { cwd: folder, env });
  expect(status, output).toBe(0);
  return output.replace(/^tenon: backend .*\n/gm, "");
}

function write(name: string, code: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, code);
  return path;
}

/** The program with `require` in the place of its imports, in a function so that it may await. */
function asCommonJs(program: string): string {
  const [imports, rest] = [[] as string[], [] as string[]];
  const code = stripTypeScriptTypes(program).replace(
    /^import\s+(?:(?:\{([^}]*)\}|\* as (\w+))\s+from\s+)?("[^"]*");?$/gm,
    (_match, named: string | undefined, namespace: string | undefined, specifier: string) => {
      const bound = namespace ?? (named === undefined ? undefined : `{ ${named.replaceAll(" as ", ": ")} }`);
      imports.push(`${bound === undefined ? "" : `const ${bound} = `}require(${specifier});`);
      return "";
    },
  );
  rest.push("(async () => {", code, "})();");
  return [...imports, ...rest].join("\n");
}

describe("the README's program, from tarballs,", () => {
  describe.each(nodes)("on %s", (node) => {
    test("runs by import", async () => {
      await outputOf(node, write("program.mjs", stripTypeScriptTypes(readme())));
    });

    test("runs by require", async () => {
      await outputOf(node, write("program.cjs", asCommonJs(readme())));
    });

    test.each(Object.entries(bundlers))("runs bundled by %s", { timeout: 60_000 }, async (name, bundle) => {
      const entry = write(`readme-${name}/program.mjs`, stripTypeScriptTypes(readme()));
      await outputOf(node, await bundle(entry, "node"));
    });
  });

  test("is type-checked by the packed declarations, and they by themselves", { timeout: 60_000 }, async () => {
    const path = write("program.mts", readme());
    const options = [
      "--noEmit",
      "--ignoreConfig",
      "--strict",
      "--target",
      "es2022",
      "--module",
      "nodenext",
      "--lib",
      "es2023,esnext.disposable",
    ];
    const types = ["--types", "node", "--typeRoots", join(root, "node_modules/@types")];
    const { output } = await capture(workspaceNode(), [tool("typescript", "tsc"), ...options, ...types, path], {
      cwd: folder,
    });
    expect(output).toBe("");
  });
});

describe("methods and a bare import of a backend survive", () => {
  const variants = Object.keys(bundlers).flatMap((name) =>
    (["node", "browser"] as const).map((platform): [string, Platform] => [name, platform]),
  );

  test.each(variants)("%s for %s", { timeout: 60_000 }, async (name, platform) => {
    const entry = write(`bare-${name}-${platform}/program.mjs`, bare);
    const bundled = await bundlers[name]!(entry, platform);
    for (const node of nodes) expect(await outputOf(node, bundled)).toBe("[4,6]\n");
  });
});

describe("a backend whose native package is not installed says so, bundled by", () => {
  test.each(Object.entries(bundlers))("%s", { timeout: 60_000 }, async (name, bundle) => {
    const entry = write(`device-${name}/program.mjs`, device);
    const forNode = await bundle(entry, "node");
    expect(await outputOf(workspaceNode(), forNode)).toBe("E561 install it with: npm install webgpu.\n");
    const forPages = await bundle(entry, "browser");
    expect(await outputOf(workspaceNode(), forPages)).toMatch(/^E561 use an engine that has it;/);
    const inPages = readFileSync(forPages, "utf8");
    for (const text of ["createRequire", "npm install webgpu"]) expect(inPages.includes(text), text).toBe(false);
  });
});

describe("an error has its whole text in Node, and class, code, op, values and operands in a page, bundled by", () => {
  test.each(Object.entries(bundlers))("%s", { timeout: 60_000 }, async (name, bundle) => {
    const entry = write(`mistaken-${name}/program.mjs`, mistaken);
    const inNode = await outputOf(workspaceNode(), await bundle(entry, "node"));
    expect(inNode).toContain("ShapeError E205 sum: axis 5 is outside rank 1.\n  x: float32 [2]\n");
    expect(inNode).toContain("  fix: use an axis from -1 to 0.\n");
    vi.stubEnv("NODE_ENV", "production"); // which Vite and Rollup's resolver read: anything else is development
    const inPage = await outputOf(workspaceNode(), await bundle(entry, "browser"));
    vi.unstubAllEnvs();
    expect(inPage).toContain("ShapeError E205 sum: 5, 1.\n  x: float32 [2]\n");
    expect(inPage).not.toContain("fix:");
    if (name === "esbuild") return;
    expect(await outputOf(workspaceNode(), await bundle(entry, "browser"))).toContain("axis 5 is outside rank 1");
  });
});

describe("a saved step runs where its ops are not imported, bundled by", () => {
  beforeAll(async () => {
    await outputOf(workspaceNode(), write("saving.mjs", saving));
  });

  test.each(Object.entries(bundlers))("%s", { timeout: 60_000 }, async (name, bundle) => {
    const entry = write(`loading-${name}/program.mjs`, loading);
    expect(await outputOf(workspaceNode(), await bundle(entry, "node"))).toBe("[2,4,6]\n");
  });
});

describe("a packed package", () => {
  const installed = (name: string) =>
    JSON.parse(readFileSync(join(folder, "node_modules/@tenon", name, "package.json"), "utf8")) as Manifest;

  test.each(packed)("%s has no install script, and depends on nothing outside the house", (name) => {
    const { scripts, dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = installed(name);
    expect(Object.keys(scripts ?? {}).filter((script) => /install|prepare/.test(script))).toEqual([]);
    const names = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
    const optional = peerDependenciesMeta as Record<string, { optional?: boolean }> | undefined;
    const outside = names.filter((dependency) => !dependency.startsWith("@tenon/"));
    expect(outside.filter((dependency) => optional?.[dependency]?.optional !== true)).toEqual([]);
  });

  test("brings nobody else along", () => {
    expect(readdirSync(join(folder, "node_modules")).filter((name) => !name.startsWith("."))).toEqual(["@tenon"]);
    expect(readdirSync(join(folder, "node_modules/@tenon"))).toEqual([...packed].sort());
  });
});
