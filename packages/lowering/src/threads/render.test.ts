import { expect, test } from "vitest";
import { addIndex, indexVariable, multiplyIndex } from "../index-expression.ts";
import type { Index, IndexVariable } from "../index-node.ts";
import type { LoopKernel } from "../kernel/kernel.ts";
import {
  contents,
  Draw,
  evaluated,
  kernelOf,
  memoryOf,
  randomKernel,
  small,
} from "../kernel/random-kernel.test-kit.ts";
import { mappingOf } from "./mapping.ts";
import { threaded } from "./run.test-kit.ts";

const limits = { maxThreads: 256, sharedBytes: 16_384 };

test.each([
  ["with workgroup memory", limits, 1],
  ["without", { maxThreads: 64, sharedBytes: 0 }, 1],
  ["with lanes that exchange values", limits, 8],
])("random kernels compute what the evaluator computes, %s", (_, given, lanes) => {
  for (let seed = 1; seed <= 60; seed++) {
    const kernel = randomKernel(new Draw(seed));
    const run = threaded(kernel, given, lanes);
    for (const scalars of [
      [33, 3],
      [5, 17],
      [64, 1],
    ] as const) {
      const [n, r] = scalars;
      const memories = kernel.slots.map((slot, k) => contents(slot, Math.max(2 * n, 2 * r, n * r, 3), k));
      const expected = evaluated(kernel)(memories, scalars);
      for (const [k, { data }] of run(memories, scalars).entries())
        expect([...data], `seed ${seed}, ${scalars}, buffer ${k}`).toEqual([...expected[k]!.data]);
    }
  }
});

const N = indexVariable("N", 1, 4096) as IndexVariable;
const R = indexVariable("R", 1, 4096) as IndexVariable;

/** Sums along rows or columns of a matrix of R rows, and each element less its sum. */
function centred(along: "rows" | "columns"): LoopKernel {
  return kernelOf(
    (w) => {
      const [line, place] = [w.axis("line", R), w.axis("place", N)];
      const at = (other: Index): Index =>
        along === "rows" ? addIndex(multiplyIndex(line, N), other) : addIndex(multiplyIndex(other, R), line);
      const x = w.slot("float32", "read");
      w.loop(line, R, "parallel", () => {
        const sum = w.register("float32", "add");
        w.loop(place, N, "reduce", () => w.update(sum, w.load(x, at(place))));
        const total = w.read(sum);
        w.store(w.slot("float32", "write"), line, total);
        const other = w.axis("other", N);
        const y = w.slot("float32", "write");
        w.loop(other, N, "parallel", () => w.store(y, at(other), w.alu("sub", [w.load(x, at(other)), total])));
      });
    },
    [N, R],
  );
}

test("long rows have a workgroup each, columns that lie side by side a thread each", () => {
  expect(mappingOf(centred("rows"), limits)).toMatchObject({ kind: "rows", threads: 128 });
  expect(mappingOf(centred("columns"), limits)).toMatchObject({ kind: "each", threads: 64 });
});

test.each([
  ["rows", 1],
  ["rows", 4],
  ["rows", 128],
  ["columns", 1],
] as const)("sums of %s and what is made of them agree, by groups of %i lanes", (along, lanes) => {
  const kernel = centred(along);
  for (const [n, r] of [
    [1, 1],
    [127, 3],
    [200, 65],
    [513, 2],
  ] as const) {
    const memories = [
      memoryOf("float32", small(n * r)),
      memoryOf("float32", small(r)),
      memoryOf("float32", small(n * r)),
    ];
    const expected = evaluated(kernel)(memories, [n, r]);
    const actual = threaded(kernel, limits, lanes)(memories, [n, r]);
    for (const [k, { data }] of actual.entries()) expect([...data], `${n} ${r} ${k}`).toEqual([...expected[k]!.data]);
  }
});
