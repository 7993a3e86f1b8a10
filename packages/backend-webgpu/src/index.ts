export { type DeviceStats, deviceStatsOf, type WebGpuOptions, webgpu } from "./backend.ts";
export {
  type AcquiredDevice,
  type AdapterDescription,
  acquireDevice,
  type DeviceOptions,
  deviceOptionNames,
  whyNoHardware,
} from "./device.ts";
export type { MemoryDebug } from "./memory.ts";
