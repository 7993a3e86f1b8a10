import { test } from "vitest";
import { compileKit, describeWithNvrtc } from "./nvrtc.test-kit.ts";

describeWithNvrtc("NVIDIA's compiler", () => {
  test.each([
    { major: 8, minor: 0 },
    { major: 9, minor: 0 },
    { major: 10, minor: 0 },
  ])("takes every kernel of the conformance kit for $major.$minor", { timeout: 3_600_000 }, (capability) =>
    compileKit(capability, 1),
  );
});
