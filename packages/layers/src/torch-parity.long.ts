import { cpuJs } from "@tenon/backend-cpu-js";
import { webgpu } from "@tenon/backend-webgpu";
import { setBackend } from "@tenon/tensor";
import { beforeAll, describe } from "vitest";
import { describeWithGpu, softwareGpu } from "../../backend-webgpu/src/gpu.test-kit.ts";
import { describeAttentionParity } from "./attention-parity.test-kit.ts";
import { describeRecurrentParity } from "./recurrent-parity.test-kit.ts";
import { describeParity } from "./torch-parity.test-kit.ts";

describe("on cpu-js", () => {
  beforeAll(() => setBackend(cpuJs()));
  describeParity();
  describeRecurrentParity();
  describeAttentionParity();
});

describeWithGpu("on webgpu", () => {
  beforeAll(() => setBackend(webgpu({ gpu: softwareGpu() })));
  describeParity();
  describeRecurrentParity();
  describeAttentionParity();
});
