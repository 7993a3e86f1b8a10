import { evaluateTensors } from "@tenon/interpreter";
import { allSamples, type Sample } from "@tenon/ir/samples";
import { describe, expect, test } from "vitest";
import { checkGradientModule, checkSampleGradients, checkSecondDerivatives } from "./gradient.ts";
import { runBatched, runDecomposition, sampleTitle } from "./sample-runner.ts";

const byName = new Map<string, Sample[]>();
for (const sample of allSamples()) byName.set(sample.name, [...(byName.get(sample.name) ?? []), sample]);

/** The problems of every sample, each with the sample's title. */
function problems(samples: readonly Sample[], check: (sample: Sample) => readonly string[]): readonly string[] {
  return samples.flatMap((sample) => {
    try {
      return check(sample).map((problem) => `${sampleTitle(sample)}: ${problem}`);
    } catch (error) {
      return [`${sampleTitle(sample)}: ${error}`];
    }
  });
}

describe.each([...byName])("%s", (_name, samples) => {
  test("has the derivatives that differences have, in both modes", () => {
    expect(problems(samples, (s) => checkSampleGradients(s, evaluateTensors))).toEqual([]);
  });
  test("has the second derivatives that differences have", () => {
    expect(problems(samples, (s) => checkSecondDerivatives(s, evaluateTensors))).toEqual([]);
  });
  test("has derivatives that are well-formed functions", () => {
    expect(problems(samples, checkGradientModule)).toEqual([]);
  });
  test("over many examples is what it is for each", () => {
    expect(problems(samples, (s) => runBatched(s, evaluateTensors))).toEqual([]);
  });
  test("is what its decomposition is", () => {
    expect(problems(samples, (s) => runDecomposition(s, evaluateTensors))).toEqual([]);
  });
});
