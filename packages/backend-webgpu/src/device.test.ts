import type { BackendFactory } from "@tenon/backend";
import { chooseBackend } from "@tenon/backend/node";
import { acquireDevice, type DeviceOptions, whyNoHardware } from "@tenon/backend-webgpu";
import { describe, expect, test, vi } from "vitest";
import { describeAdapter } from "./device-adapter.ts";
import { doubled } from "./device-doubling.test-kit.ts";
import { describeWithGpu, softwareGpu } from "./gpu.test-kit.ts";

/** WebGPU whose one adapter says this of itself, and gives no device. */
const gpuOf = (info: Partial<GPUAdapterInfo>): GPU =>
  ({ requestAdapter: async () => ({ info, features: new Set(["core-features-and-limits"]), limits: {} }) }) as never;

const withoutAdapter = { requestAdapter: async () => null } as never as GPU;

describeWithGpu("of SwiftShader", () => {
  test("a device has the limits of its adapter, more than WebGPU's defaults, and the features that it has", async () => {
    const gpu = softwareGpu();
    const { limits } = (await gpu.requestAdapter())!;
    const { device, features } = await acquireDevice({ gpu });
    for (const name of ["maxBufferSize", "maxStorageBufferBindingSize", "maxComputeWorkgroupStorageSize"] as const)
      expect(device.limits[name]).toBe(limits[name]);
    expect(device.limits.maxStorageBuffersPerShaderStage).toBe(limits.maxStorageBuffersPerShaderStage);
    expect(device.limits.maxBufferSize).toBeGreaterThan(2 ** 28); // the default
    expect([...features].sort()).toEqual([...device.features].sort());
    expect(features.has("timestamp-query")).toBe((await gpu.requestAdapter())!.features.has("timestamp-query"));
    device.destroy();
  });

  test("a device computes", async () => {
    const { device } = await acquireDevice({ gpu: softwareGpu() });
    expect(await doubled(device, [1, 2, 3.5, -4])).toEqual([2, 4, 7, -8]);
    device.destroy();
  });

  test("an adapter of the application's own is used, and a second device of it is refused", async () => {
    const adapter = (await softwareGpu().requestAdapter())!;
    const { device, adapter: described } = await acquireDevice({ adapter });
    expect(described.vendor).toBe(adapter.info.vendor);
    const problem = await acquireDevice({ adapter }).catch((error: Error) => error);
    expect(problem).toMatchObject({ code: "E563", cause: { name: "OperationError" } });
    expect(String(problem)).toMatch(/the adapter gives no device: .*consumed/);
    device.destroy();
  });

  test("a device of the application's own is used as it is", async () => {
    const own = await (await softwareGpu().requestAdapter())!.requestDevice();
    const { device, features } = await acquireDevice({ device: own });
    expect(device).toBe(own);
    expect(features.has("subgroups")).toBe(false);
    own.destroy();
  });

  test("auto passes it over, and says so", async () => {
    expect(await byAuto({ gpu: softwareGpu() })).toMatch(
      /^backend cpu-js, by auto \(cuda-native: not here; webgpu: its adapter, .*swiftshader.*, is software\)$/i,
    );
  });

  test("a feature that is required and missing is an error", async () => {
    await expect(acquireDevice({ gpu: softwareGpu(), requiredFeatures: ["shader-f16"] })).rejects.toThrow(
      "E564 webgpu: there is no shader-f16.",
    );
  });
});

test.each([
  ["Chromium's SwiftShader", { vendor: "google", architecture: "swiftshader" }],
  ["Mesa's llvmpipe", { vendor: "mesa", device: "llvmpipe (LLVM 17.0.6, 256 bits)" }],
  ["Windows's WARP", { vendor: "microsoft", description: "Microsoft Basic Render Driver" }],
  ["one that says so", { vendor: "acme", isFallbackAdapter: true }],
])("%s is a software adapter, and auto is told so", async (_name, info) => {
  expect(describeAdapter(info, new Set()).software).toBe(true);
  expect(await whyNoHardware({ gpu: gpuOf(info) })).toMatch(/^its adapter, .+, is software$/);
});

test.each([
  ["NVIDIA's", { vendor: "nvidia", architecture: "hopper", description: "NVIDIA H200" }],
  ["Apple's", { vendor: "apple", architecture: "metal-3" }],
  ["Warpdrive's", { vendor: "warpdrive" }],
  ["one that says nothing", {}],
])("an adapter of %s is hardware", async (_name, info) => {
  expect(describeAdapter(info, new Set()).software).toBe(false);
  expect(await whyNoHardware({ gpu: gpuOf(info) })).toBe(null);
});

test("an adapter's fingerprint is what it says of itself, with the features that change programs", () => {
  const info = { vendor: "nvidia", architecture: "hopper", device: "0x2335", description: "NVIDIA H200" };
  expect(describeAdapter(info, new Set(["subgroups", "timestamp-query", "shader-f16"]))).toEqual({
    vendor: "nvidia",
    architecture: "hopper",
    name: "NVIDIA H200",
    software: false,
    fingerprint: "nvidia/hopper/0x2335/NVIDIA H200+shader-f16+subgroups",
  });
  expect(describeAdapter(undefined, new Set())).toMatchObject({ name: "unknown", fingerprint: "unknown" });
});

/** What auto says where there are a device for WebGPU and the processor. */
async function byAuto(options: DeviceOptions): Promise<string> {
  const create = () => Promise.reject(new Error("not in this test"));
  const factories: Readonly<Record<string, BackendFactory>> = {
    "cuda-native": { id: "cuda-native", abi: 1, create, whyNot: async () => "not here" },
    webgpu: { id: "webgpu", abi: 1, create, whyNot: () => whyNoHardware(options) },
    "cpu-js": { id: "cpu-js", abi: 1, create },
  };
  return (await chooseBackend({ argument: "auto", resolve: (id) => factories[id]! })).reason;
}

test("auto takes hardware before the processor, and the processor where there is no adapter", async () => {
  expect(await byAuto({ gpu: gpuOf({ vendor: "acme" }) })).toBe("backend webgpu, by auto (cuda-native: not here)");
  expect(await byAuto({ gpu: withoutAdapter })).toBe(
    "backend cpu-js, by auto (cuda-native: not here; webgpu: no adapter answers)",
  );
});

describe("what is missing is said with the way to get it:", () => {
  test("an adapter, in Node", async () => {
    await expect(acquireDevice({ gpu: withoutAdapter })).rejects.toThrowErrorMatchingInlineSnapshot(`
      [BackendError E562 webgpu: no adapter answers.
        fix: install the GPU's Vulkan driver and Vulkan's loader, libvulkan1 on Debian; VK_ICD_FILENAMES names the manifest of a driver elsewhere.]
    `);
    expect(await whyNoHardware({ gpu: withoutAdapter })).toBe("no adapter answers");
  });

  test("a device", async () => {
    const busy = {
      info: { vendor: "acme" },
      features: new Set(),
      limits: {},
      requestDevice: () => Promise.reject(new Error("out of devices\n    at Adapter.cpp")),
    };
    await expect(acquireDevice({ adapter: busy as never })).rejects.toThrowErrorMatchingInlineSnapshot(`
      [BackendError E563 webgpu: the adapter gives no device: out of devices.
        adapter: acme
        fix: request a fresh adapter, since each gives one device; or close what else uses the GPU.]
    `);
  });

  test("features", async () => {
    const gpu = gpuOf({ vendor: "acme" });
    const options = { gpu, requiredFeatures: ["shader-f16", "subgroups"] } as const;
    await expect(acquireDevice(options)).rejects.toThrowErrorMatchingInlineSnapshot(`
      [BackendError E564 webgpu: there is no shader-f16 and no subgroups.
        adapter: acme
        features: core-features-and-limits
        fix: use an adapter that has it, or leave it out of requiredFeatures.]
    `);
    expect(await whyNoHardware(options)).toBe("there is no shader-f16 and no subgroups");
  });

  test("an option", async () => {
    await expect(
      acquireDevice({ powerPreferences: "low-power" } as object),
    ).rejects.toThrowErrorMatchingInlineSnapshot(`
      [OptionError E801 webgpu: unknown option powerPreferences.
        fix: did you mean powerPreference?]
    `);
  });

  test("WebGPU and an adapter, in a page", async () => {
    vi.resetModules(); // the entry for pages, which names no other place where WebGPU may come from
    const page = await import("./index.ts");
    await expect(page.acquireDevice()).rejects.toThrowErrorMatchingInlineSnapshot(`
      [BackendError E561 webgpu: there is no WebGPU here.
        fix: use an engine that has it; Chromium on Linux wants --enable-unsafe-webgpu, Deno --unstable-webgpu.]
    `);
    expect(await page.whyNoHardware()).toBe("there is no WebGPU here");
    await expect(page.acquireDevice({ gpu: withoutAdapter })).rejects.toThrowErrorMatchingInlineSnapshot(`
      [BackendError E562 webgpu: no adapter answers.
        fix: see chrome://gpu; Chromium may want --enable-unsafe-webgpu, and without a GPU --use-webgpu-adapter=swiftshader.]
    `);
    vi.stubGlobal("isSecureContext", false);
    await expect(page.acquireDevice()).rejects.toThrowErrorMatchingInlineSnapshot(`
      [BackendError E561 webgpu: there is no WebGPU here.
        fix: serve the page by https or from localhost.]
    `);
    vi.unstubAllGlobals();
  });
});

test("what a page's navigator has is used before anything else", async () => {
  vi.stubGlobal("navigator", { gpu: gpuOf({ vendor: "acme", description: "Acme Rasteriser (WARP)" }) });
  expect(await whyNoHardware()).toBe("its adapter, Acme Rasteriser (WARP), is software");
  vi.unstubAllGlobals();
});
