import { optimizerConformance } from "@tenon/conformance";
import { expect, test } from "vitest";
import { momentum } from "./momentum.ts";

test("momentum keeps the promises of an optimizer", async () => {
  const report = await optimizerConformance(() => momentum({ learningRate: 0.05 }), { backend: "interpreter" });
  expect(report.failures, report.summary()).toEqual([]);
});
