import { expectUnseen } from "../../../conformance/src/unseen.test-kit.ts";
import { cudaNative } from "../backend.ts";
import { testEmulatedDevice } from "../emulated-device.test-kit.ts";

testEmulatedDevice.each(["float32", "bfloat16"] as const)(
  "a query whose scores are all −∞ yields 0 with %s",
  (precision) => expectUnseen(cudaNative({ cache: false }), precision),
);
