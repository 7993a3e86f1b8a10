import { conformance } from "@tenon/conformance";
import { expect, test } from "vitest";
import { webgpu } from "./backend.ts";
import { describeWithGpu, softwareGpu } from "./gpu.test-kit.ts";

describeWithGpu("of SwiftShader", () => {
  test("webgpu passes the quick profile with workgroup memory", { timeout: 1_800_000 }, async () => {
    const factory = webgpu({ gpu: softwareGpu(), workgroupMemory: "on" });
    const report = await conformance(factory, { profile: "quick" });
    expect(report.failures).toEqual([]);
    expect(report.counts.pass).toBeGreaterThan(3900);
  });
});
