import { conformance } from "@tenon/conformance";
import { expect, test } from "vitest";
import { cpuJs } from "./backend.ts";

const LONG = 900_000;

test(
  "cpu-js passes the quick profile",
  async () => {
    const report = await conformance(cpuJs(), { profile: "quick" });
    expect(report.failures).toEqual([]);
    expect(report.counts.pass).toBeGreaterThan(3900);
    const unsupported = report.cells.filter(({ status }) => status === "unsupported");
    expect(unsupported.filter(({ detail }) => !/E511.*int64/.test(detail!))).toEqual([]);
  },
  LONG,
);

test(
  "so does its portable level, in what it computes",
  async () => {
    const report = await conformance(cpuJs({ simd: "portable" }), { only: ["gradients", "random-graphs"] });
    expect(report.failures).toEqual([]);
  },
  LONG,
);
