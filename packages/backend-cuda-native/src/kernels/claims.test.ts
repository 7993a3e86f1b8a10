import { interpreter } from "@tenon/interpreter";
import { compile, conv, grad, setBackend, tensor, variable } from "@tenon/tensor";
import { expect } from "vitest";
import { drawer } from "../../../backend-cpu-js/src/kernels/dot-products.test-kit.ts";
import { cudaNative } from "../backend.ts";
import { saidDuring } from "../blas/said.test-kit.ts";
import { testEmulatedDevice } from "../emulated-device.test-kit.ts";

testEmulatedDevice(
  "a correlation of one place, and both its gradients, are products that a library takes",
  async () => {
    const draw = drawer(1);
    const operands = [
      [3, 4, 2, 5],
      [1, 1, 5, 6],
      [3, 4, 2, 6],
    ].map((shape) => {
      const data = Float32Array.from({ length: shape.reduce((n, size) => n * size, 1) }, () => draw(5) - 2);
      return () => tensor(data, { shape });
    });
    const results = async (): Promise<unknown> => {
      const [x, w, dy] = operands.map((make) => make());
      const [input, kernel] = [variable(x!), variable(w!)];
      const forward = compile(() => conv(input.value, kernel.value));
      const backward = compile((slope) =>
        grad(() => conv(input.value, kernel.value).mul(slope).sum(), { input, kernel }),
      );
      const slopes = await backward(dy!);
      const all = [await forward(), slopes.input, slopes.kernel];
      return Promise.all(all.map(async (t) => [...(await t.data())]));
    };
    await setBackend(interpreter());
    const expected = await results();
    await setBackend(cudaNative({ cache: false, debug: { smallProducts: true } }));
    const said = await saidDuring(async () => expect(await results()).toEqual(expected));
    expect(said).toEqual([
      "dot: cuBLASLt 13.1, 5×6×24 float32",
      "dot+transpose: cuBLASLt 13.1, 6×24×5 float32",
      "dot: cuBLASLt 13.1, 6×5×24 float32",
    ]);
  },
);
