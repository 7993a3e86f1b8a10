import { conformance } from "@tenon/conformance";
import { expect, test } from "vitest";
import { cpuJs } from "./backend.ts";

test.each(["relaxed", "portable"] as const)(
  "cpu-js passes the full profile at the %s level",
  async (simd) => {
    expect((await conformance(cpuJs({ simd }), { profile: "full", timeoutMs: 600_000 })).failures).toEqual([]);
  },
  3_600_000,
);

test.each([2, 3, 4, 5])(
  "random graphs of seed %i agree with the interpreter",
  async (seed) => {
    expect((await conformance(cpuJs(), { profile: "full", only: ["random-graphs"], seed })).failures).toEqual([]);
  },
  3_600_000,
);
