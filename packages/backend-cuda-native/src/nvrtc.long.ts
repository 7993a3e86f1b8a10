import { test } from "vitest";
import { deviceProgram } from "./device-program.test-kit.ts";
import { compileKit, compileProgram, describeWithNvrtc } from "./nvrtc.test-kit.ts";

describeWithNvrtc("NVIDIA's compiler", () => {
  test.each([8, 9, 10])("takes every kernel of the conformance kit for %i.0", { timeout: 3_600_000 }, (major) =>
    compileKit({ major, minor: 0 }, 1),
  );

  test("takes products and attention by tensor cores for 8.0", { timeout: 120_000 }, async () => {
    await compileProgram(await deviceProgram("sm_80"), { major: 8, minor: 0 });
  });
});
