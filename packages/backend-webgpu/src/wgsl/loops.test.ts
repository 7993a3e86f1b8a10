import { expect } from "vitest";
import { contents, Draw, evaluated, randomKernel } from "../../../lowering/src/kernel/random-kernel.test-kit.ts";
import { testWithGpu } from "../gpu.test-kit.ts";
import { renderLoops } from "./loops.ts";
import { launched, testLimits } from "./run.test-kit.ts";

testWithGpu("random kernels compute what the evaluator computes", { timeout: 60_000 }, async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const kernel = randomKernel(new Draw(seed));
    const source = renderLoops(kernel, testLimits);
    for (const scalars of [
      [33, 3],
      [5, 17],
    ] as const) {
      const [n, r] = scalars;
      const memories = kernel.slots.map((slot, k) => contents(slot, Math.max(2 * n, 2 * r, n * r, 3), k));
      const expected = evaluated(kernel)(memories, scalars);
      const actual = await launched(source, memories, scalars);
      for (const [k, { data }] of actual.entries())
        expect([...data], `seed ${seed}, ${scalars}, buffer ${k}\n${source.body}`).toEqual([...expected[k]!.data]);
    }
  }
});
