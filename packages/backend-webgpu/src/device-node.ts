import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { applicationFolders } from "@tenon/backend/node";
import { BackendError } from "@tenon/ir";
import { useSwiftShader } from "./device-swiftshader.ts";

/** What is used of the package `webgpu`, which is Dawn, Chromium's WebGPU. */
interface Dawn {
  create(flags: readonly string[]): GPU;
}

const fix = "install it with: npm install webgpu";

let opened: Promise<GPU> | undefined;

/** WebGPU by the application's package `webgpu`, one for the process. Error: E561. */
export function openDawn(): Promise<GPU> {
  opened ??= load().catch((error) => {
    opened = undefined; // it may be installed, or mended, while the process lives
    throw error;
  });
  return opened;
}

async function load(): Promise<GPU> {
  const path = installed([...applicationFolders().map((folder) => join(folder, "anything.js")), import.meta.url]);
  if (path === undefined)
    throw new BackendError("E561", "webgpu", "Node has no WebGPU, and the package webgpu is not installed", { fix });
  try {
    // By its path, so that a bundler leaves the package where it is: it is native code.
    const dawn = (await import(pathToFileURL(path).href)) as Dawn;
    const gpu = dawn.create([]);
    // without any driver, that of an installed Chromium computes, in software
    if ((await gpu.requestAdapter()) !== null || !useSwiftShader()) return gpu;
    return dawn.create([]);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BackendError("E561", "webgpu", `the package webgpu could not be loaded: ${why.split("\n")[0]}`, {
      at: path,
      fix,
      cause,
    });
  }
}

/** Where the package is, as seen from the first of `places` that sees it. */
function installed(places: readonly string[]): string | undefined {
  for (const place of places) {
    try {
      return createRequire(place).resolve("webgpu");
    } catch {}
  }
  return undefined;
}
