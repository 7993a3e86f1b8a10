import { evaluateTensors } from "@tenon/interpreter";
import { isFloat, lookupOp, mul, Tensor } from "@tenon/ir";
import { allSamples, type Sample } from "@tenon/ir/samples";
import { jvpOf } from "@tenon/ir/tangents";
import { expect, test } from "vitest";
import { checkSampleGradients } from "./gradient.ts";
import { runBatched } from "./sample-runner.ts";

type Rule = (...args: unknown[]) => readonly unknown[];

/** One per cent more than it should be; `touched` is told when there was anything to change. */
function inflated(value: unknown, touched: () => void): unknown {
  if (value instanceof Tensor && isFloat(value.dtype)) {
    touched();
    return mul(value, 1.01);
  }
  if (typeof value !== "number" || value === 0) return value;
  touched();
  return value * 1.01;
}

const checks: Readonly<Record<string, (sample: Sample) => readonly string[]>> = {
  vjp: (s) => checkSampleGradients(s, evaluateTensors),
  jvp: (s) => checkSampleGradients(s, evaluateTensors),
  derivatives: (s) => checkSampleGradients(s, evaluateTensors),
  batch: (s) => runBatched(s, evaluateTensors),
};

test.each(Object.keys(checks))("a %s that is one per cent off is noticed, whatever the op", (rule) => {
  const bitten: string[] = [];
  const survivors: string[] = [];
  for (const name of new Set(allSamples().map((sample) => sample.name))) {
    const record = lookupOp(name);
    if (record === undefined) continue;
    const op = record as unknown as Record<string, unknown>;
    const stated = op[rule];
    const right = (rule === "jvp" ? jvpOf(record) : stated) as Rule | undefined;
    if (right === undefined) continue;
    let changed = false;
    op[rule] = (...args: unknown[]) =>
      right(...args).map((value) =>
        inflated(value, () => {
          changed = true;
        }),
      );
    try {
      const found = allSamples()
        .filter((sample) => sample.name === name)
        .flatMap(checks[rule]!);
      if (changed) (found.length > 0 ? bitten : survivors).push(name);
    } finally {
      op[rule] = stated;
    }
  }
  expect(survivors).toEqual([]);
  expect(bitten.length).toBeGreaterThan(10);
});
