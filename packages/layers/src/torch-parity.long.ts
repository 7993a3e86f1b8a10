import { cpuJs } from "@tenon/backend-cpu-js";
import { webgpu } from "@tenon/backend-webgpu";
import { setBackend } from "@tenon/tensor";
import { beforeAll, describe } from "vitest";
import { describeWithGpu, softwareGpu } from "../../backend-webgpu/src/gpu.test-kit.ts";
import { describeParity } from "./torch-parity.test-kit.ts";

describe("on cpu-js", () => {
  beforeAll(() => setBackend(cpuJs()));
  describeParity();
});

describeWithGpu("on webgpu", () => {
  beforeAll(() => setBackend(webgpu({ gpu: softwareGpu() })));
  describeParity();
});
