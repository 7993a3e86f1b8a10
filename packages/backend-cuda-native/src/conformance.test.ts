import { judge } from "./conformance.test-kit.ts";
import { testEmulatedDevice } from "./emulated-device.test-kit.ts";

testEmulatedDevice(
  "cuda-native passes the quick profile, every kernel of which compiles for devices",
  { timeout: 1_200_000 },
  () => judge({}),
);
