import { test } from "vitest";
import { expectBand } from "../../conformance/src/network-losses.test-kit.ts";
import { wideNetworks } from "../../conformance/src/networks.test-kit.ts";
import { webgpu } from "./backend.ts";
import { describeWithGpu, softwareGpu } from "./gpu.test-kit.ts";

const STEPS = 50;

describeWithGpu("of SwiftShader", () => {
  test.each(Object.entries(wideNetworks))(
    "50 steps of %s in its own size stay in the interpreter's band",
    { timeout: 3_600_000 },
    (_, network) => expectBand(network, webgpu({ gpu: softwareGpu() }), STEPS),
  );
});
