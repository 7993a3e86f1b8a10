import { existsSync, writeSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { describe, test } from "vitest";
import { openDawn } from "./device-node.ts";

/** Where installations of Chromium lie; each holds SwiftShader, a Vulkan driver in software, and a Vulkan loader. */
const chromiumFolders = [
  "/usr/lib/chromium",
  "/usr/lib/chromium-browser",
  "/usr/lib64/chromium-browser",
  "/opt/google/chrome",
];

/** `dlopen` keeps the library although it is no module of Node's: RTLD_NODELETE of Linux. */
const KEEP = 0x1000;

/** Makes Dawn find SwiftShader and nothing else, so that every machine tests the same adapter. */
function useSwiftShader(folder: string): void {
  process.env.VK_ICD_FILENAMES = join(folder, "vk_swiftshader_icd.json");
  try {
    process.dlopen({ exports: {} }, join(folder, "libvulkan.so.1"), constants.dlopen.RTLD_NOW | KEEP);
  } catch {} // it has been loaded, and Node says that it is no module
}

async function open(): Promise<GPU | undefined> {
  const folder = chromiumFolders.find((path) => existsSync(join(path, "vk_swiftshader_icd.json")));
  if (folder !== undefined) useSwiftShader(folder);
  const gpu = await openDawn().catch(() => undefined);
  return (await gpu?.requestAdapter()) == null ? undefined : gpu;
}

const gpu = await open(); // one for the worker, and gone with it
if (gpu === undefined)
  writeSync(
    2,
    "\n*** No Chromium and no Vulkan driver: the tests on a GPU are SKIPPED. apt-get install chromium ***\n",
  );

/** Dawn in Node: on SwiftShader where a Chromium is installed, otherwise on whatever driver there is. Its devices are the test's to destroy. */
export function softwareGpu(): GPU {
  if (gpu === undefined) throw new Error("there is no GPU, not even one in software; describeWithGpu skips such tests");
  return gpu;
}

export const describeWithGpu = describe.skipIf(gpu === undefined);
export const testWithGpu = test.skipIf(gpu === undefined);
