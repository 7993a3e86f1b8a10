import { test } from "vitest";
import { deviceProgram } from "./device-program.test-kit.ts";
import { compileKit, compileProgram, describeWithNvrtc } from "./nvrtc.test-kit.ts";

describeWithNvrtc("NVIDIA's compiler", () => {
  test("takes kernels of the conformance kit", { timeout: 120_000 }, () => compileKit({ major: 9, minor: 0 }, 0.01));

  test("takes products and attention by tensor cores", { timeout: 120_000 }, async () => {
    await compileProgram(await deviceProgram("sm_90a"), { major: 9, minor: 0 });
  });
});
