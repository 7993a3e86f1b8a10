import { interpreter } from "@tenon/interpreter";
import { type Dim, type DType, dimSymbol } from "@tenon/ir";
import { withParts } from "@tenon/lowering";
import { compile, conv, grad, setBackend, tensor, variable } from "@tenon/tensor";
import { expect, test } from "vitest";
import { drawer } from "../../../backend-cpu-js/src/kernels/dot-products.test-kit.ts";
import { cudaNative } from "../backend.ts";
import { saidDuring } from "../blas/said.test-kit.ts";
import { testEmulatedDevice } from "../emulated-device.test-kit.ts";
import { claimsOn } from "./claims.ts";

/** Who computes attention with these operands, or its derivative. */
function kernelFor(
  op: "nn.attention" | "nn.attention_bwd",
  major: number,
  rest: {
    dtype?: DType;
    mul?: "same" | "tf32" | "bf16";
    rows?: Dim;
    features?: Dim;
    bias?: boolean;
  },
): string | undefined {
  const { dtype = "float32", mul = "same", rows = 64, features = 64, bias = false } = rest;
  const heads = { dtype, shape: [2, rows, 4, features] };
  const attrs = { scale: 1, causal: false, mask: false, bias, mul };
  return claimsOn(major)({ op, version: 1, attrs, operands: [heads, heads, heads], results: [heads] })?.kernel;
}

test("attention goes to tensor cores where they have its factors, it is large enough and heads are not too large", async () => {
  const byThreads = "nn.attention@1";
  await withParts(() => expect(kernelFor("nn.attention", 8, {})).toBe(byThreads));
  for (const way of [{ mul: "tf32" }, { mul: "bf16" }, { dtype: "float16" }, { dtype: "bfloat16" }] as const) {
    const threads = "dtype" in way;
    const forward = (more: object, major = 8) => kernelFor("nn.attention", major, { ...way, ...more });
    expect(forward({})).toBe("attention");
    expect(forward({ rows: dimSymbol("T"), features: 128, bias: true })).toBe("attention");
    expect(forward({ rows: 15 })).toBe(threads ? byThreads : undefined);
    expect(forward({ features: 4 })).toBe(threads ? byThreads : undefined);
    expect(forward({}, 7)).toBe(threads ? byThreads : undefined);
    expect(forward({ features: 129 })).toBeUndefined();
    expect(forward({ features: dimSymbol("D") })).toBeUndefined();
    const backward = (more: object) => withParts(() => kernelFor("nn.attention_bwd", 8, { ...way, ...more }));
    expect(await backward({})).toBe("attention");
    expect(await backward({ bias: true })).toBeUndefined();
    expect(await backward({ features: 128 })).toBe("attention");
  }
});

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
