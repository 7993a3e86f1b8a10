import type { BackendFactory } from "@tenon/backend";
import { interpreter } from "@tenon/interpreter";
import {
  compile,
  type DType,
  dot,
  gelu,
  matmul,
  relu,
  setBackend,
  spec,
  type Tensor,
  tensor,
  transpose,
} from "@tenon/tensor";
import { expect } from "vitest";
import { drawer } from "../../../backend-cpu-js/src/kernels/dot-products.test-kit.ts";
import { differences, tolerances } from "../../../conformance/src/tolerance.ts";
import { saidDuring } from "./said.test-kit.ts";

type Make = (...operands: readonly Tensor[]) => Tensor;

/** Products of operands whose axes the letters name, in any order; each with operands of its own, so that none serves two. */
const plain: readonly (readonly [string, Make])[] = [
  ["BK KN", (x, w) => matmul(x!, w!)],
  ["KB NK", (x, w) => dot(w!, x!, { contract: [[1], [0]] })],
  ["BK KN", (x, w) => transpose(matmul(x!, w!))],
  ["GBK GKN", (x, w) => matmul(x!, w!)],
  ["GKB GNK", (x, w) => dot(x!, w!, { contract: [[1], [2]], batch: [[0], [0]] })],
  ["BGK GNK", (x, w) => dot(x!, w!, { contract: [[2], [2]], batch: [[1], [0]] })],
  // examples and steps of texts, with the steps outside
  ["BGK KN", (x, w) => matmul(transpose(x!, [1, 0, 2]), w!)],
  ["KB KN BN", (x, w, r) => r!.add(dot(x!, w!, { contract: [[0], [0]] }).mul(0.5))],
];
const activated: readonly (readonly [string, Make])[] = [
  ["BK KN N", (x, w, b) => relu(matmul(x!, w!).add(b!))],
  ["BK NK N", (x, w, b) => gelu(b!.add(matmul(x!, transpose(w!))), { approximate: "tanh" })],
  ["GBK KN N", (x, w, b) => relu(matmul(x!, w!).add(b!))],
  ["BK KN BN N", (x, w, r, b) => relu(matmul(x!, w!).add(r!).add(b!))],
  ["BGK KN N", (x, w, b) => relu(matmul(transpose(x!, [1, 0, 2]), w!).add(b!))],
  ["BK KN B", (x, w, b) => transpose(matmul(x!, w!)).add(b!)],
];

export interface ProductRun {
  readonly dtype: DType;
  readonly cases: readonly (readonly [string, Make])[];
  readonly precision?: "float32" | "tf32" | "bfloat16";
}

export const runs: readonly ProductRun[] = [
  { dtype: "float32", cases: [...plain, ...activated] },
  { dtype: "bfloat16", cases: [...plain, ...activated] },
  { dtype: "float16", cases: activated },
  { dtype: "float64", cases: plain },
  { dtype: "float32", cases: activated.slice(0, 2), precision: "tf32" },
  { dtype: "float32", cases: activated.slice(0, 2), precision: "bfloat16" },
];

/** Of rows, columns, what is summed up, and matrices of a batch. */
export type ProductSizes = Readonly<Record<"B" | "N" | "K" | "G", number>>;

/** Times that each product is computed: as commands, as a graph that is recorded, and as that graph again. */
const TIMES = 3;

/** Computes products of each size and compares them with the reference; gives what was said of who computed them. */
export async function expectProducts(
  { dtype, cases, precision = "float32" }: ProductRun,
  backend: BackendFactory,
  sizes: readonly ProductSizes[],
): Promise<readonly string[]> {
  const draw = drawer(3);
  const axes = cases.flatMap(([text]) => text.split(" ").map((word) => [...word]));
  const compute = (...operands: readonly Tensor[]): readonly Tensor[] => {
    let at = 0;
    return cases.map(([text, make]) => make(...text.split(" ").map(() => operands[at++]!)));
  };
  const inputs = axes.map((shape) => spec(shape, dtype));
  const expected = compile(compute, { inputs, precision, backend: interpreter() });
  await setBackend(backend);
  const step = compile(compute, { inputs, precision });
  return saidDuring(async () => {
    for (const size of sizes)
      for (let time = 0; time < TIMES; time++) {
        const data = axes.map((names) =>
          numbers(
            names.map((name) => size[name as keyof ProductSizes]),
            draw,
          ),
        );
        const tensors = () => data.map(({ shape, values }) => tensor(values, { shape, dtype }));
        const [found, wanted] = [await step(...tensors()), await expected(...tensors())];
        for (const [i, [text]] of cases.entries()) {
          const [actual, exact] = [await found[i]!.data(), await wanted[i]!.data()] as [Float64Array, Float64Array];
          const where = `${text}, ${dtype}, ${precision}, ${JSON.stringify(size)}, time ${time}`;
          expect(differences(dtype, exact, actual, tolerances.accumulate.ieee), where).toEqual([]);
        }
      }
  });
}

/** Small whole numbers, whose sums are exact in every type. */
function numbers(shape: readonly number[], draw: (below: number) => number) {
  const values = Float64Array.from({ length: shape.reduce((n, size) => n * size, 1) }, () => draw(5) - 2);
  return { shape, values };
}
