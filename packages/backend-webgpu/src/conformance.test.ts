import { conformance } from "@tenon/conformance";
import { matmul } from "@tenon/ir";
import { expect, test } from "vitest";
import { f32, fnOf } from "./agrees.test-kit.ts";
import { webgpu } from "./backend.ts";
import { describeWithGpu, softwareGpu } from "./gpu.test-kit.ts";

/** 6 GB stand between the products. */
const failing = fnOf([f32(40_000, 1)], (x) => [matmul(matmul(x, x.transpose()).exp(), x)]);

describeWithGpu("of SwiftShader", () => {
  test("webgpu passes what is drawn of the quick profile", { timeout: 300_000 }, async () => {
    const report = await conformance(webgpu({ gpu: softwareGpu() }), { share: 0.06, steps: 3, failing });
    expect(report.failures).toEqual([]);
    expect(report.counts.pass).toBeGreaterThan(150);
    const unsupported = report.cells.filter(({ status }) => status === "unsupported");
    expect(unsupported.filter(({ detail }) => !/E511.*(int64|float64)|E514.*unbounded-while/.test(detail!))).toEqual(
      [],
    );
  });

  test("constants that WGSL would refuse to compute with are none to it", { timeout: 120_000 }, async () => {
    const ops = ["shl", "shr", "div", "rem"];
    const report = await conformance(webgpu({ gpu: softwareGpu() }), { only: ["vectors"], ops });
    expect(report.failures).toEqual([]);
    expect(report.counts.pass).toBeGreaterThan(30);
  });
});
