import { type IndexVariable, indexVariable } from "@tenon/lowering";
import { expect } from "vitest";
import {
  contents,
  Draw,
  evaluated,
  kernelOf,
  memoryOf,
  randomKernel,
  small,
} from "../../../lowering/src/kernel/random-kernel.test-kit.ts";
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

testEmulated("elements that lie side by side are moved four at once, those that are left one by one", () => {
  const n = indexVariable("N", 1, 4096) as IndexVariable;
  const kernel = kernelOf(
    (w) => {
      const i = w.axis("i", n);
      const x = w.slot("float32", "read");
      const y = w.slot("float32", "write");
      w.loop(i, n, "parallel", () => w.store(y, i, w.alu("mul", [w.load(x, i), w.load(x, i)])));
    },
    [n],
  );
  const source = renderLoops(kernel, limits);
  expect(source.text.match(/tenon_\w+_four/g)).toEqual(["tenon_read_four", "tenon_write_four"]);
  const sizes = [1, 3, 4, 5, 255, 256, 257, 1027];
  const launches = sizes.map((size): EmulatedLaunch => {
    const memories = [memoryOf("float32", small(size)), memoryOf("float32", small(size))];
    return { source, memories, scalars: [size] };
  });
  for (const [i, found] of emulated(launches).entries()) {
    const { memories, scalars } = launches[i]!;
    const expected = evaluated(kernel)(memories, scalars);
    expect([...found[1]!.data], `${scalars}`).toEqual([...expected[1]!.data]);
  }
});
