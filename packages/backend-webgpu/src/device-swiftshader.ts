import { existsSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";

/** Where installations of Chromium lie; each holds SwiftShader, a Vulkan driver in software, and a Vulkan loader. */
const chromiumFolders = [
  "/usr/lib/chromium",
  "/usr/lib/chromium-browser",
  "/usr/lib64/chromium-browser",
  "/opt/google/chrome",
];

/** `dlopen` keeps the library although it is no module of Node's: RTLD_NODELETE of Linux. */
const KEEP = 0x1000;

/**
 * Makes Dawn find the SwiftShader of an installed Chromium, and nothing else. False where there is none. It has to be called
 * before Dawn first looks for adapters.
 */
export function useSwiftShader(): boolean {
  const folder = chromiumFolders.find((path) => existsSync(join(path, "vk_swiftshader_icd.json")));
  if (folder === undefined) return false;
  process.env.VK_ICD_FILENAMES = join(folder, "vk_swiftshader_icd.json");
  try {
    process.dlopen({ exports: {} }, join(folder, "libvulkan.so.1"), constants.dlopen.RTLD_NOW | KEEP);
  } catch {} // it has been loaded, and Node says that it is no module
  return true;
}
