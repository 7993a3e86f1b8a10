import { interpreter } from "@tenon/interpreter";
import {
  broadcastTo,
  compile,
  cond,
  dot,
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
import { cudaNative } from "../backend.ts";
import { testEmulatedDevice } from "../emulated-device.test-kit.ts";
import { expectProducts, runs } from "./products.test-kit.ts";
import { saidDuring } from "./said.test-kit.ts";

const library = () => cudaNative({ cache: false, debug: { poison: true, smallProducts: true } });

testEmulatedDevice(
  "products of any layout, batch, type and epilogue are the library's, and those of the reference",
  { timeout: 120_000 },
  async () => {
    const draw = drawer(3);
    for (const run of runs) {
      const drawn = { B: 1 + draw(4), N: 1 + draw(9), K: 1 + draw(9), G: 1 + draw(3) };
      const sizes = [{ B: 5, N: 7, K: 6, G: 3 }, drawn, { B: 8, N: 8, K: 8, G: 2 }];
      const said = await expectProducts(run, library(), sizes);
      expect(said.filter((text) => !text.includes("cuBLASLt 13.1"))).toEqual([]);
      expect(said).toHaveLength(sizes.length * run.cases.length);
    }
  },
);

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

/** What is said while something is computed of drawn operands, whose result is the reference's. */
async function saidOf(fn: (...operands: readonly Tensor[]) => Tensor, ...shapes: readonly (readonly number[])[]) {
  const draw = drawer(5);
  const data = shapes.map((shape) =>
    Float32Array.from({ length: shape.reduce((n, size) => n * size, 1) }, () => draw(5) - 2),
  );
  const result = async () => {
    const y = await compile(fn)(...data.map((values, i) => tensor(values, { shape: shapes[i]! as number[] })));
    return [...(await y.data())];
  };
  await setBackend(interpreter());
  const expected = await result();
  await setBackend(library());
  return saidDuring(async () => expect(await result()).toEqual(expected));
}

testEmulatedDevice("operands may begin anywhere, and lie beside the library's own memory", async () => {
  const part = await saidOf(
    (x, w, b) => relu(matmul(x!.slice({ start: [1, 3] }), w!.slice({ start: [0, 1] })).add(b!.slice({ start: [2] }))),
    ...[[6, 8], [5, 6], [7]],
  );
  expect(part).toEqual(["dot+add+maximum: cuBLASLt 13.1, 5×5×5 float32, bias, relu"]);
  const chain = await saidOf((x, w, v) => matmul(matmul(x!, w!), v!), [4, 5], [5, 6], [6, 3]);
  expect(chain).toEqual(["dot: cuBLASLt 13.1, 6×5×4 float32", "dot: cuBLASLt 13.1, 3×6×4 float32"]);
});

testEmulatedDevice(
  "the result may be wider than the operands, and what is rounded on the way need not be",
  async () => {
    const product = (x: Tensor, w: Tensor) => matmul(x.cast("bfloat16"), w.cast("bfloat16")).cast("float32");
    expect(await saidOf((x, w) => relu(product(x!, w!)), [4, 5], [5, 6])).toEqual([
      "dot+convert+maximum: cuBLASLt 13.1, 6×5×4 bfloat16 to float32, relu",
    ]);
    expect(await saidOf((x, w) => relu(product(x!, w!).mul(0.5).cast("bfloat16")), [4, 5], [5, 6])).toEqual([
      "dot+convert+mul+convert+maximum: cuBLASLt 13.1, 6×5×4 bfloat16, relu",
    ]);
  },
);

testEmulatedDevice("rows that are no whole number of steps stay with a kernel of our own", async () => {
  const said = await saidOf(
    (x, w) =>
      matmul(
        transpose(x!, [1, 0, 2])
          .reshape([6, 4])
          .slice({ limit: [5, 4] }),
        w!,
      ),
    ...[
      [2, 3, 4],
      [4, 5],
    ],
  );
  expect(said).toEqual(["dot: a kernel of our own, for how its operands lie"]);
});
