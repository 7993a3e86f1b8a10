import { expect, test } from "vitest";
import { moduleToBinary } from "./binary.ts";
import { everySample, example, fuzzBinary, odd, trainingStep } from "./forms.test-kit.ts";

test("a million damaged files are refused, or are the one form of another module", () => {
  const files = [example(), odd(), trainingStep(2)].map(moduleToBinary);
  const { refused, read } = fuzzBinary(files, 1_000_000, 2);
  expect(refused + read).toBe(1_000_000);
}, 1_800_000);

test("so are 50,000 copies of a file with every op", () => {
  const { refused, read } = fuzzBinary([moduleToBinary(everySample())], 50_000, 3);
  expect(refused + read).toBe(50_000);
}, 1_800_000);
