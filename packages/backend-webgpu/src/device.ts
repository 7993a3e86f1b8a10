import { BackendError, checkOptions } from "@tenon/ir";
import { type AdapterDescription, describeAdapter } from "./device-adapter.ts";

export type { AdapterDescription } from "./device-adapter.ts";

export interface DeviceOptions {
  /** Where adapters come from, in place of `navigator.gpu` or, in Node, of the package `webgpu`. */
  readonly gpu?: GPU;
  /** An adapter that has not given a device yet. */
  readonly adapter?: GPUAdapter;
  /** A device of the application's own, used with the limits and features that it was made with. */
  readonly device?: GPUDevice;
  readonly powerPreference?: "low-power" | "high-performance";
  /** Features without which there is no device. The others of `optionalFeatures` are used where they are. */
  readonly requiredFeatures?: readonly GPUFeatureName[];
}

export const deviceOptionNames = [
  "gpu",
  "adapter",
  "device",
  "powerPreference",
  "requiredFeatures",
] as const satisfies readonly (keyof DeviceOptions)[];

export interface AcquiredDevice {
  readonly device: GPUDevice;
  readonly adapter: AdapterDescription;
  /** The names of the features that the device has. */
  readonly features: ReadonlySet<string>;
}

/** Asked for where an adapter has them: half floats, reductions within subgroups, times of kernels. */
const optionalFeatures: readonly GPUFeatureName[] = ["shader-f16", "subgroups", "timestamp-query"];

/** Asked for at the adapter's best; WebGPU's defaults are those of a telephone. Sizes are in bytes. */
const limits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxUniformBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
  "maxComputeWorkgroupsPerDimension",
] as const satisfies readonly (keyof GPUSupportedLimits)[];

/** Opens WebGPU where no `navigator` has it. */
type GpuSource = () => Promise<GPU>;

let source: GpuSource | undefined;

/** Names where WebGPU comes from when there is no `navigator.gpu`; the entry for Node does. */
export function installGpuSource(installed: GpuSource): void {
  source = installed;
}

/**
 * A device to compute on: the given one, or one of the given adapter or of the best adapter there is, with the adapter's
 * limits and with its 16-bit floats, subgroups and timestamps where it has them. Errors: E561 where there is no WebGPU,
 * E562 no adapter, E563 no device, E564 not a required feature.
 */
export async function acquireDevice(options: DeviceOptions = {}): Promise<AcquiredDevice> {
  checkOptions("webgpu", options, deviceOptionNames);
  const device = options.device ?? (await deviceFrom(await adapterFor(options), options));
  const adapter = describeAdapter(device.adapterInfo, device.features);
  checkFeatures(options, device, adapter);
  return { device, adapter, features: new Set(device.features) };
}

/** Why there is no hardware to compute on, in a few words: no WebGPU, no adapter, or one that is software; null where there is. */
export async function whyNoHardware(options: DeviceOptions = {}): Promise<string | null> {
  try {
    const { adapter } = options.device === undefined ? await describe(options) : await acquireDevice(options);
    return adapter.software ? `its adapter, ${adapter.name}, is software` : null;
  } catch (error) {
    if (error instanceof BackendError) return error.problem || error.code; // the bundle of a page has no texts
    throw error;
  }
}

async function describe(options: DeviceOptions): Promise<{ adapter: AdapterDescription }> {
  const found = await adapterFor(options);
  const adapter = describeAdapter(found.info, found.features);
  checkFeatures(options, found, adapter);
  return { adapter };
}

async function adapterFor({ adapter, gpu, powerPreference }: DeviceOptions): Promise<GPUAdapter> {
  if (adapter !== undefined) return adapter;
  const found = await (gpu ?? (await anyGpu())).requestAdapter(
    powerPreference === undefined ? {} : { powerPreference },
  );
  if (found !== null) return found;
  throw (await import("./no-device.ts")).noAdapter(source === undefined);
}

/** WebGPU of the page, worker or Deno, or else of the installed source. */
async function anyGpu(): Promise<GPU> {
  const { navigator } = globalThis as { navigator?: { gpu?: GPU } };
  if (navigator?.gpu !== undefined) return navigator.gpu;
  if (source !== undefined) return source();
  throw (await import("./no-device.ts")).noWebGpu();
}

async function deviceFrom(adapter: GPUAdapter, options: DeviceOptions): Promise<GPUDevice> {
  const description = describeAdapter(adapter.info, adapter.features);
  checkFeatures(options, adapter, description);
  const wanted = [...new Set([...optionalFeatures, ...(options.requiredFeatures ?? [])])];
  const has = limits.filter((name) => adapter.limits[name] !== undefined); // an engine need not know all of them
  try {
    return await adapter.requestDevice({
      requiredFeatures: wanted.filter((name) => adapter.features.has(name)),
      requiredLimits: Object.fromEntries(has.map((name) => [name, adapter.limits[name]])),
    });
  } catch (cause) {
    throw (await import("./no-device.ts")).noDevice(description.name, cause);
  }
}

function checkFeatures(
  { requiredFeatures = [] }: DeviceOptions,
  { features }: { readonly features: GPUSupportedFeatures },
  adapter: AdapterDescription,
): void {
  const missing = requiredFeatures.filter((name) => !features.has(name));
  if (missing.length === 0) return;
  throw new BackendError("E564", "webgpu", `there is no ${missing.join(" and no ")}`, {
    operands: { adapter: adapter.name, features: [...features].sort().join(", ") || "none" },
    fix: "use an adapter that has it, or leave it out of requiredFeatures",
  });
}
