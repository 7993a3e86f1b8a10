import { judge } from "./conformance.test-kit.ts";
import { testEmulatedDevice } from "./emulated-device.test-kit.ts";

testEmulatedDevice(
  "cuda-native passes the quick profile with kernels that are optimised for devices",
  { timeout: 3_600_000 },
  () => judge({}, { optimized: true }),
);
