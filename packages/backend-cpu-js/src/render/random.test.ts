import { expect, test } from "vitest";
import { contents, Draw, randomKernel } from "../../../lowering/src/kernel/random-kernel.test-kit.ts";
import { evaluated, rendered, ways, wayText } from "./run.test-kit.ts";

test("random kernels compute what the evaluator computes", () => {
  for (let seed = 1; seed <= 80; seed++) {
    const kernel = randomKernel(new Draw(seed));
    const run = ways.map((way) => [way, rendered(kernel, way)] as const);
    for (const scalars of [
      [33, 3],
      [5, 17],
      [4, 1],
    ] as const) {
      const [n, r] = scalars;
      const memories = kernel.slots.map((slot, k) => contents(slot, Math.max(2 * n, 2 * r, n * r, 3), k));
      const expected = evaluated(kernel)(memories, scalars);
      for (const [way, f] of run) {
        const actual = f(memories, scalars);
        for (const [k, { data }] of actual.entries())
          expect([...data], `seed ${seed}, ${scalars}, ${wayText(way)}, buffer ${k}`).toEqual([...expected[k]!.data]);
      }
    }
  }
});
