import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { judge } from "./conformance.test-kit.ts";
import { testEmulatedDevice } from "./emulated-device.test-kit.ts";

testEmulatedDevice(
  "cuda-native passes the quick profile, every kernel of which compiles for devices",
  { timeout: 1_200_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "tenon-kit-"));
    try {
      await judge({}, folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
