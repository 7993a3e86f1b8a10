import { conformance } from "@tenon/conformance";
import { expect, test } from "vitest";
import { webgpu } from "./backend.ts";
import { describeWithGpu, softwareGpu } from "./gpu.test-kit.ts";

describeWithGpu("of SwiftShader", () => {
  test.each(["off", "on"] as const)(
    "webgpu passes the quick profile, workgroup memory %s",
    {
      timeout: 1_800_000,
    },
    async (workgroupMemory) => {
      const report = await conformance(webgpu({ gpu: softwareGpu(), workgroupMemory }), { profile: "quick" });
      expect(report.failures).toEqual([]);
      expect(report.counts.pass).toBeGreaterThan(3900);
    },
  );
});
