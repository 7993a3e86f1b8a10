import { interpreter } from "@tenon/interpreter";
import {
  broadcastTo,
  compile,
  cond,
  type DType,
  dot,
  gelu,
  matmul,
  ones,
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
import { cudaNative } from "../backend.ts";
import { testEmulatedDevice } from "../emulated-device.test-kit.ts";
import { saidDuring } from "./said.test-kit.ts";

const library = () => cudaNative({ cache: false, debug: { poison: true, smallProducts: true } });

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

interface Run {
  readonly dtype: DType;
  readonly cases: typeof plain;
  readonly precision?: "float32" | "tf32" | "bfloat16";
}

const runs: readonly Run[] = [
  { dtype: "float32", cases: [...plain, ...activated] },
  { dtype: "bfloat16", cases: [...plain, ...activated] },
  { dtype: "float16", cases: activated },
  { dtype: "float64", cases: plain },
  { dtype: "float32", cases: activated.slice(0, 2), precision: "tf32" },
  { dtype: "float32", cases: activated.slice(0, 2), precision: "bfloat16" },
];

testEmulatedDevice(
  "products of any layout, batch, type and epilogue are the library's, and those of the reference",
  { timeout: 120_000 },
  async () => {
    const draw = drawer(3);
    for (const { dtype, cases, precision = "float32" } of runs) {
      const axes = cases.flatMap(([text]) => text.split(" ").map((word) => [...word]));
      const compute = (...operands: readonly Tensor[]): readonly Tensor[] => {
        let at = 0;
        return cases.map(([text, make]) => make(...text.split(" ").map(() => operands[at++]!)));
      };
      const inputs = axes.map((shape) => spec(shape, dtype));
      const expected = compile(compute, { inputs, precision, backend: interpreter() });
      await setBackend(library());
      const step = compile(compute, { inputs, precision });
      const said = await saidDuring(async () => {
        for (const sizes of [{ B: 5, N: 7, K: 6, G: 3 }, drawn(draw), { B: 8, N: 8, K: 8, G: 2 }]) {
          for (let time = 0; time < 3; time++) {
            const data = axes.map((shape) =>
              numbers(
                shape.map((name) => sizes[name as "B"]),
                draw,
              ),
            );
            const tensors = () => data.map(({ shape, values }) => tensor(values, { shape, dtype }));
            const [found, wanted] = [await step(...tensors()), await expected(...tensors())];
            for (const [i, [text]] of cases.entries()) {
              const [actual, exact] = [await found[i]!.data(), await wanted[i]!.data()] as [Float64Array, Float64Array];
              const where = `${text}, ${dtype}, ${precision}, ${JSON.stringify(sizes)}, time ${time}`;
              expect(differences(dtype, exact, actual, tolerances.accumulate.ieee), where).toEqual([]);
            }
          }
        }
      });
      expect(said.filter((text) => !text.includes("cuBLASLt 13.1"))).toEqual([]);
      expect(said).toHaveLength(3 * cases.length);
    }
  },
);

const drawn = (draw: (below: number) => number) => {
  const [B, N, K, G] = [1 + draw(4), 1 + draw(9), 1 + draw(9), 1 + draw(3)] as const;
  return { B, N, K, G };
};

/** Small whole numbers, whose sums are exact in every type. */
function numbers(shape: readonly number[], draw: (below: number) => number) {
  const values = Float64Array.from({ length: shape.reduce((n, size) => n * size, 1) }, () => draw(5) - 2);
  return { shape, values };
}

testEmulatedDevice("arguments that lie elsewhere in each run are those that are multiplied", async () => {
  await setBackend(library());
  const step = compile((x, w) => matmul(x, w), { inputs: [spec([2, 2]), spec([2, 2])] });
  const held: Tensor[] = [];
  for (let i = 0; i < 30; i++) {
    const x = tensor([
      [i, 1],
      [0, i],
    ]);
    const y = await step(
      x,
      tensor([
        [1, 2],
        [3, 4],
      ]),
    );
    expect([...(await y.data())]).toEqual([i + 3, 2 * i + 4, 3 * i, 4 * i]);
    if (i % 4 === 0) held.push(x, y); // so that memory does not come back in turns
  }
});

testEmulatedDevice(
  "small products, guarded ones and those that lie unevenly stay with kernels of our own",
  async () => {
    await setBackend(cudaNative({ cache: false }));
    const small = await saidDuring(() => compile((x, w) => matmul(x, w))(ones([2, 3]), ones([3, 2])));
    expect(small).toEqual(["dot: a kernel of our own, little work"]);
    await setBackend(library());
    const branches = compile((x, w) =>
      cond(
        x.sum().greater(0),
        () => matmul(x, w),
        () => matmul(x, w).neg(),
      ),
    );
    const guarded = await saidDuring(() => branches(ones([2, 2]), ones([2, 2])));
    expect(guarded).toContain("dot: a kernel of our own, in a branch or loop that the device decides");
    const windows = compile((x, w) => dot(broadcastTo(x, [4, 3]), w, { contract: [[1], [0]] }));
    const repeated = await saidDuring(() => windows(ones([3]), ones([3, 2])));
    expect(repeated).toEqual(["dot: a kernel of our own, for how its operands lie"]);
    const computed = await saidDuring(() => compile((x, w) => matmul(x.exp(), w).exp())(ones([2, 3]), ones([3, 2])));
    expect(computed).toEqual([
      expect.stringContaining("a kernel of our own, for its types, how it lies or what is computed with it"),
    ]);
  },
);

testEmulatedDevice("a product of unknown size has a kernel of our own where it turns out to be small", async () => {
  await setBackend(cudaNative({ cache: false }));
  const [x, w] = [spec(["B", 128]), spec([128, 128])];
  const step = compile((x, w) => matmul(x, w), { inputs: [x, w] });
  const said = await saidDuring(async () => {
    for (const rows of [64, 1]) {
      const y = await step(ones([rows, 128]), ones([128, 128]));
      expect(new Set(await y.data())).toEqual(new Set([128]));
    }
  });
  expect(said).toEqual(["dot: cuBLASLt 13.1, 128×128×64 float32", "dot: a kernel of our own, little work"]);
});
