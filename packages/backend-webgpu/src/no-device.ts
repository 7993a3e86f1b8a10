import { BackendError } from "@tenon/ir";

/*
 * Why there is no device, and how to get one. It is loaded when somebody has to be told, and so has its texts in pages too.
 */

const error = (code: string, why: string, how: string, cause?: unknown, adapter?: string): BackendError =>
  new BackendError(code, "webgpu", why, { ...(adapter && { operands: { adapter } }), fix: how, cause });

export function noWebGpu(): BackendError {
  const { isSecureContext } = globalThis as { isSecureContext?: boolean };
  return error(
    "E561",
    "there is no WebGPU here",
    isSecureContext === false
      ? "serve the page by https or from localhost"
      : "use an engine that has it; Chromium on Linux wants --enable-unsafe-webgpu, Deno --unstable-webgpu",
  );
}

export const noAdapter = (isPage: boolean): BackendError =>
  error(
    "E562",
    "no adapter answers",
    isPage
      ? "see chrome://gpu; Chromium may want --enable-unsafe-webgpu, and without a GPU --use-webgpu-adapter=swiftshader"
      : "install the GPU's Vulkan driver and Vulkan's loader, libvulkan1 on Debian; VK_ICD_FILENAMES names the manifest of a driver elsewhere",
  );

export function noDevice(adapter: string, cause: unknown): BackendError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return error(
    "E563",
    `the adapter gives no device: ${why.split("\n")[0]}`,
    "request a fresh adapter, since each gives one device; or close what else uses the GPU",
    cause,
    adapter,
  );
}
