import { expect, test } from "vitest";
import { moduleToBinary } from "./binary.ts";
import { everySample, example, fuzzBinary, odd, trainingStep } from "./forms.test-kit.ts";

test("a million damaged files are refused, or are the one form of another module", () => {
  const files = [example(), odd(), trainingStep(2), everySample()].map(moduleToBinary);
  const { refused, read } = fuzzBinary(files, 1_000_000, 2);
  expect(refused + read).toBe(1_000_000);
});
