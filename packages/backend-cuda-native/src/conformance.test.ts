import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { judge } from "./conformance.test-kit.ts";
import { testEmulatedDevice } from "./emulated-device.test-kit.ts";

testEmulatedDevice("cuda-native passes what is drawn of the quick profile", { timeout: 600_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "tenon-kit-"));
  try {
    await judge({ share: 0.03, steps: 2 }, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
