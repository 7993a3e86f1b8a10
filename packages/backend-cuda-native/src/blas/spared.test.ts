import { type Item, loadParts, type StepProgram } from "@tenon/lowering";
import { expect, test } from "vitest";
import { productOf } from "../../../backend-cpu-js/src/kernels/dot-products.test-kit.ts";
import { formOf } from "./form.ts";
import { type ProductProblem, workOf } from "./problem.ts";
import type { Products } from "./products.ts";
import { sparedKernels } from "./spared.ts";

await loadParts();

test("kernels are spared whose products are likely large, unless the device decides whether they run", () => {
  const layout = { type: "float32", a: "k last", b: "k last", epilogue: "store" } as const;
  const sizes = [
    { batch: 1, rows: 64, columns: 64, k: 64 },
    { batch: 1, rows: 2, columns: 2, k: 2 },
    { batch: 1, rows: 2, columns: 2, k: 2, symbolic: true }, // taken for 128
  ];
  const kernels = sizes.map((size) => productOf({ ...layout, ...size }).kernel);
  const forms = [...kernels.map((kernel) => formOf(kernel)), null, undefined];
  const products = { takes: (problem: ProductProblem) => workOf(problem) >= 64 ** 3 } as Products;
  const launch = (kernel: number) => ({ kind: "launch", kernel }) as Item;
  const spared = (items: readonly Item[]) => [
    ...sparedKernels({ kernels } as unknown as StepProgram, items, forms, products),
  ];
  const all = kernels.map((_, i) => launch(i));
  expect(spared(all)).toEqual([0, 2]);
  expect(spared([{ kind: "loop", body: all } as unknown as Item])).toEqual([0, 2]);
  expect(spared([...all, { kind: "branch", branches: [[], [launch(0)]] } as unknown as Item])).toEqual([2]);
  const loop = { kind: "loop", body: [launch(2)] };
  expect(spared([...all, { kind: "while", condition: [], body: [loop] } as unknown as Item])).toEqual([0]);
  expect(sparedKernels({ kernels } as unknown as StepProgram, all, forms, undefined).size).toBe(0);
});
