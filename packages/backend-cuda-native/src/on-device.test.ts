import { expectBand } from "../../conformance/src/network-losses.test-kit.ts";
import { networks } from "../../conformance/src/networks.test-kit.ts";
import { cudaNative } from "./backend.ts";
import { describeEmulated, testEmulatedDevice } from "./emulated-device.test-kit.ts";
import { expectFlat, expectPrecision, expectRelay, expectRoomAgain } from "./on-device.test-kit.ts";

// In small, and on the emulated device, what on-device.cuda.ts asks of a GPU.
describeEmulated("on the emulated device", () => {
  const device = cudaNative({ cache: false });

  testEmulatedDevice.each(["mnist-mlp", "a simple RNN"])("2 steps of %s stay in the interpreter's band", (name) =>
    expectBand(networks[name]!, device, 2),
  );

  testEmulatedDevice("a step that was begun on cpu-js goes on, and then there again", () => expectRelay(device, 1));

  testEmulatedDevice("30 steps leave the device as it was", () => expectFlat(device, 30));

  testEmulatedDevice("where the memory ends, what is released can be had again", async () => {
    process.env.TENON_EMULATED_BYTES = String(2 ** 24);
    try {
      await expectRoomAgain(device, 2 ** 20);
    } finally {
      delete process.env.TENON_EMULATED_BYTES;
    }
  });

  testEmulatedDevice.each(["tf32", "bfloat16"] as const)("products of %s round their factors", (precision) =>
    expectPrecision(device, precision),
  );
});
