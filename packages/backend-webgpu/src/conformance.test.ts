import { conformance } from "@tenon/conformance";
import { matmul } from "@tenon/ir";
import { expect, test } from "vitest";
import { f32, fnOf } from "./agrees.test-kit.ts";
import { webgpu } from "./backend.ts";
import { describeWithGpu, softwareGpu } from "./gpu.test-kit.ts";

/** 6 GB stand between the products. */
const failing = fnOf([f32(40_000, 1)], (x) => [matmul(matmul(x, x.transpose()).exp(), x)]);

describeWithGpu("of SwiftShader", () => {
  test.each([
    ["by registers alone, as a processor likes it", 1, "auto"],
    ["with workgroup memory", 0.04, "on"],
  ] as const)(
    "webgpu passes the quick profile or what is drawn of it, %s",
    { timeout: 900_000 },
    async (_, share, mode) => {
      const factory = webgpu({ gpu: softwareGpu(), workgroupMemory: mode });
      const report = await conformance(factory, { share, ...(share < 1 && { steps: 3 }), failing });
      expect(report.failures).toEqual([]);
      expect(report.counts.pass).toBeGreaterThan(3400 * share);
      const unsupported = report.cells.filter(({ status }) => status === "unsupported");
      expect(unsupported.filter(({ detail }) => !/E511.*(int64|float64)|E514.*unbounded-while/.test(detail!))).toEqual(
        [],
      );
    },
  );
});
