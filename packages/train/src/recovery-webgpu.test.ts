import { testWithGpu } from "../../backend-webgpu/src/gpu.test-kit.ts";
import { outlives } from "./recovery-webgpu.test-kit.ts";

testWithGpu(
  "a GPU's device is destroyed at any point of a training, which ends with the same bits",
  {
    timeout: 120_000,
  },
  () => outlives(5, 2),
);
