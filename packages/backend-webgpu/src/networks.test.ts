import { firstOutside } from "@tenon/conformance";
import { expect, test } from "vitest";
import { bandOf, lossesOf } from "../../conformance/src/network-losses.test-kit.ts";
import { networks } from "../../conformance/src/networks.test-kit.ts";
import { webgpu } from "./backend.ts";
import { describeWithGpu, softwareGpu } from "./gpu.test-kit.ts";

const STEPS = 50;

describeWithGpu("of SwiftShader", () => {
  test.each(Object.entries(networks))(
    "50 steps of %s stay in the interpreter's band",
    { timeout: 120_000 },
    async (_, network) => {
      const band = await bandOf(network, STEPS);
      expect(band.reference.at(-1)).not.toBe(band.reference[0]);
      expect(firstOutside(band, await lossesOf(network, webgpu({ gpu: softwareGpu() }), STEPS))).toBe(undefined);
    },
  );
});
