import { conformance } from "@tenon/conformance";
import { expect, test } from "vitest";
import { webgpu } from "./backend.ts";
import { describeWithGpu, softwareGpu } from "./gpu.test-kit.ts";

describeWithGpu("of SwiftShader", () => {
  test("webgpu passes the quick profile", { timeout: 1_800_000 }, async () => {
    const report = await conformance(webgpu({ gpu: softwareGpu() }), { profile: "quick" });
    expect(report.failures).toEqual([]);
    expect(report.counts.pass).toBeGreaterThan(3900);
  });
});
