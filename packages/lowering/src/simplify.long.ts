import { test } from "vitest";
import { checkOnRandomGraphs, exactPasses } from "./simplify.test-kit.ts";

test("5,000 random graphs compute the same bits when they are simplified", () => {
  checkOnRandomGraphs(exactPasses, { numRuns: 5_000 });
});

test.each(exactPasses.map((pass) => [pass.name, pass] as const))("%s alone keeps every bit of 2,000", (_, pass) => {
  checkOnRandomGraphs([pass], { numRuns: 2_000 });
});
