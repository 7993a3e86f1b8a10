import { judgeProducts } from "../conformance.test-kit.ts";
import { testEmulatedDevice } from "../emulated-device.test-kit.ts";

testEmulatedDevice("products by the library pass the conformance kit", { timeout: 300_000 }, () =>
  judgeProducts({ ops: ["dot"], only: ["vectors", "gradients"] }),
);
