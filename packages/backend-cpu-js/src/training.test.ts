import { conformance } from "@tenon/conformance";
import { expect, test } from "vitest";
import { cpuJs } from "./index.ts";

test("200 steps of each net of the kit stay in the interpreter's band", { timeout: 60_000 }, async () => {
  const report = await conformance(cpuJs(), { profile: "full", only: ["training"] });
  expect(report.failures).toEqual([]);
  expect(report.counts.pass).toBeGreaterThan(3);
});
