import { broadcastTo, compile, cond, dot, matmul, ones, setBackend, spec, type Tensor, tensor } from "@tenon/tensor";
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
