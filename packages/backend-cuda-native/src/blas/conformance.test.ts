import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { judgeProducts } from "../conformance.test-kit.ts";
import { testEmulatedDevice } from "../emulated-device.test-kit.ts";

testEmulatedDevice("products by the library pass the conformance kit", { timeout: 300_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "tenon-kit-"));
  try {
    await judgeProducts({ ops: ["dot"], only: ["vectors", "gradients"] }, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
