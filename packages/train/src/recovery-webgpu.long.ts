import { testWithGpu } from "../../backend-webgpu/src/gpu.test-kit.ts";
import { outlives } from "./recovery-webgpu.test-kit.ts";

testWithGpu("a GPU's device is destroyed 50 times at any point of a training, which ends with the same bits", () =>
  outlives(50, 15),
);
