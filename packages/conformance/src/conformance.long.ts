import { interpreter } from "@tenon/interpreter";
import { expect, test } from "vitest";
import { roundingEverywhere } from "./broken-backends.test-kit.ts";
import { conformance } from "./conformance.ts";

test("the interpreter passes the full profile", async () => {
  expect((await conformance(interpreter(), { profile: "full" })).failures).toEqual([]);
});

test("a backend that rounds every value to its dtype passes on random graphs of many seeds", async () => {
  for (let seed = 2; seed < 5; seed++) {
    const report = await conformance(roundingEverywhere(), { profile: "full", only: ["random-graphs"], seed });
    expect(report.failures).toEqual([]);
  }
});
