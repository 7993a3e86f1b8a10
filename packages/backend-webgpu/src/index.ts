export {
  type AcquiredDevice,
  type AdapterDescription,
  acquireDevice,
  type DeviceOptions,
  deviceOptionNames,
  whyNoHardware,
} from "./device.ts";
