import { test } from "vitest";
import { compileKit, describeWithNvrtc } from "./nvrtc.test-kit.ts";

describeWithNvrtc("NVIDIA's compiler", () => {
  test("takes kernels of the conformance kit", { timeout: 120_000 }, () => compileKit({ major: 9, minor: 0 }, 0.01));
});
