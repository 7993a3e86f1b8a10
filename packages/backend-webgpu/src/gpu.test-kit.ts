import { writeSync } from "node:fs";
import { describe, test } from "vitest";
import { openDawn } from "./device-node.ts";
import { useSwiftShader } from "./device-swiftshader.ts";
import { rare } from "./parts.ts";

await rare.load();

async function open(): Promise<GPU | undefined> {
  useSwiftShader(); // and nothing else, so that every machine tests the same adapter
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
