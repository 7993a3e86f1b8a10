import { expect } from "vitest";
import { contents, Draw, evaluated, randomKernel } from "../../../lowering/src/kernel/random-kernel.test-kit.ts";
import { type EmulatedLaunch, emulated, testEmulated } from "../emulation.test-kit.ts";
import { renderLoops } from "./loops.ts";

const limits = { maxThreads: 256, sharedBytes: 49_152 };

testEmulated("random kernels compute what the evaluator computes", { timeout: 120_000 }, () => {
  const cases = Array.from({ length: 60 }, (_, i) => {
    const kernel = randomKernel(new Draw(i + 1));
    const scalars = [
      [33, 3],
      [5, 17],
      [64, 1],
    ][i % 3] as [number, number];
    const [n, r] = scalars;
    const memories = kernel.slots.map((slot, k) => contents(slot, Math.max(2 * n, 2 * r, n * r, 3), k));
    return { kernel, scalars, memories };
  });
  const launches = cases.map(
    ({ kernel, scalars, memories }): EmulatedLaunch => ({ source: renderLoops(kernel, limits), memories, scalars }),
  );
  for (const [i, found] of emulated(launches).entries()) {
    const { kernel, memories, scalars } = cases[i]!;
    const expected = evaluated(kernel)(memories, scalars);
    for (const [k, { data }] of found.entries())
      expect([...data], `kernel ${i}, buffer ${k}\n${launches[i]!.source.text}`).toEqual([...expected[k]!.data]);
  }
});
