import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeEmulated } from "../packages/backend-cuda-native/src/emulated-device.test-kit.ts";
import { capture, hostNode, workspaceNode } from "../scripts/child.mjs";
import { npm } from "../scripts/managers.mjs";
import { ensureAddon } from "../scripts/native.mjs";
import { tarballs } from "../scripts/packed.mjs";
import { root } from "../scripts/workspace.mjs";

/** What an application with a GPU installs, and what that brings along. */
const packed = ["autograd", "backend", "backend-cuda-native", "ir", "lowering", "safetensors", "tensor", "tree"];
const platform = `backend-cuda-native-${process.platform}-${process.arch}`;

const asking = `
import "@tenon/backend-cuda-native";
import { setBackend } from "@tenon/tensor";

await setBackend("cuda-native").catch((error) => console.log(String(error)));
`;

/** Some steps of descent towards the line 2x + 1. */
const training = `
import { cudaNative } from "@tenon/backend-cuda-native";
import { compile, setBackend, tensor, valueAndGrad, variable } from "@tenon/tensor";

await setBackend(cudaNative({ cache: false }));
const line = { slope: variable(0), start: variable(0) };
const step = compile((x, y) => {
  const [loss, grads] = valueAndGrad(() => x.mul(line.slope.value).add(line.start.value).sub(y).square().mean(), line);
  for (const [name, v] of Object.entries(line)) v.assign(v.value.sub(grads[name].mul(0.1)));
  return loss;
});
for (let i = 0; i < 200; i++) await step(tensor([0, 1, 2, 3]), tensor([1, 3, 5, 7]));
const found = [await line.slope.value.item(), await line.start.value.item()];
console.log(JSON.stringify(found.map((x) => Math.round(1000 * x) / 1000)));
`;

const hasDriver = spawnSync("ldconfig", ["-p"], { encoding: "utf8" }).stdout?.includes("libcuda.so.1") ?? false;

/** The host's Node, which is the oldest that is supported where it matters, and the workspace's. */
const nodes = [...new Set([process.env.TENON_HOST_NODE ?? hostNode, workspaceNode()])];

let folder: string;
/** A machine on which there is neither a compiler nor cmake, and nothing of NVIDIA's. */
let bare: NodeJS.ProcessEnv;

const run = (node: string, name: string, env: NodeJS.ProcessEnv) =>
  capture(node, [join(folder, name)], { cwd: folder, env });

describeEmulated("from tarballs, without a compiler,", () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tenon-pack-native-"));
    bare = { PATH: join(folder, "none"), HOME: folder, TENON_DEBUG: "" };
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "application", private: true, type: "module" }));
    writeFileSync(join(folder, "asking.mjs"), asking);
    writeFileSync(join(folder, "training.mjs"), training);
    const staged = join(folder, "staged"); // the addon in the workspace's package would be found before one that is built later
    cpSync(join(root, `packages/backend-cuda-native/npm/${process.platform}-${process.arch}`), staged, {
      recursive: true,
    });
    cpSync(ensureAddon(), join(staged, "tenon_cuda.node"));
    const pack = npm(["pack", "--pack-destination", folder]);
    expect((await capture(pack.file, pack.args, { cwd: staged, shell: pack.shell })).status).toBe(0);
    const wanted = new RegExp(`tenon-(${packed.join("|")})-\\d`);
    const files = (await tarballs()).filter((path) => wanted.test(path));
    expect(files).toHaveLength(packed.length);
    const install = npm(["install", "--offline", "--no-audit", "--no-fund", ...files, `./tenon-${platform}-0.0.0.tgz`]);
    const { status, output } = await capture(install.file, install.args, { cwd: folder, shell: install.shell });
    expect(status, output).toBe(0);
  }, 300_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.skipIf(hasDriver).each(nodes)("%s says that there is no driver", async (node) => {
    const { status, output } = await run(node, "asking.mjs", bare);
    expect(status, output).toBe(0);
    expect(output).toMatchInlineSnapshot(`
      "BackendError E572 cuda-native: the NVIDIA driver was not found.
        tried 1: libcuda.so.1: cannot open shared object file: No such file or directory
        tried 2: libcuda.so: cannot open shared object file: No such file or directory
        fix: install NVIDIA's driver, or name the folder of libcuda.so.1 in TENON_CUDA_LIBS.
      "
    `);
  });

  test.each(nodes)("%s trains where a driver is", async (node) => {
    // what stands in for NVIDIA's compiler is g++
    const { status, output } = await run(node, "training.mjs", { ...process.env, TENON_DEBUG: "" });
    expect(status, output).toBe(0);
    expect(output).toBe("[2,1]\n");
  });

  test("the addon needs no library but those that Node needs", () => {
    const text = readFileSync(join(folder, "node_modules/@tenon", platform, "tenon_cuda.node"), "latin1");
    expect(text).not.toContain("libstdc++.so");
    const versions = [...text.matchAll(/GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor));
    expect(Math.max(...versions)).toBeLessThanOrEqual(34);
  });

  test("without the package of the platform it says what there is to do", async () => {
    const at = join(folder, "node_modules/@tenon", platform);
    const away = join(folder, "away");
    mkdirSync(away);
    renameSync(at, join(away, platform));
    try {
      const { output } = await run(workspaceNode(), "asking.mjs", bare);
      expect(output.replaceAll(/\n {2}tried .*/g, "")).toMatchInlineSnapshot(`
        "BackendError E571 cuda-native: there is no addon for linux-x64.
          fix: install the package of this platform, or build it with cmake and a C++20 compiler: npm install cmake-js node-addon-api, then npm explore @tenon/backend-cuda-native -- npm run build:native.
        "
      `);
    } finally {
      renameSync(join(away, platform), at);
    }
  });
});
