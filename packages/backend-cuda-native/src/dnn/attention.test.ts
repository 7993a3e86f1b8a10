import { attention, compile, cond, ones, setBackend, spec, type Tensor, tensor } from "@tenon/tensor";
import { expect, vi } from "vitest";
import { cudaNative } from "../backend.ts";
import { saidDuring } from "../blas/said.test-kit.ts";
import { testEmulatedDevice } from "../emulated-device.test-kit.ts";
import { type AttentionCase, expectAttention } from "./attention.test-kit.ts";

const library = (libraries = true) =>
  cudaNative({ cache: false, libraries, debug: { poison: true, smallProducts: true } });

const cases: readonly AttentionCase[] = [
  { dtype: "bfloat16", sizes: [2, 3, 5, 2, 2, 8, 16] },
  { dtype: "float16", sizes: [1, 4, 4, 4, 2, 16, 8], causal: true, headsFirst: true },
  { dtype: "bfloat16", sizes: [2, 5, 5, 3, 1, 8, 8], causal: true, scale: -0.3 },
  { dtype: "float16", sizes: [1, 1, 7, 1, 1, 24, 8] },
];

/** Does work with a library of a version. */
async function withVersion<T>(version: number, work: () => Promise<T>): Promise<T> {
  vi.stubEnv("TENON_EMULATED_CUDNN", String(version));
  try {
    return await work();
  } finally {
    vi.unstubAllEnvs();
  }
}

const distinct = (said: readonly string[]): readonly string[] => [
  ...new Set(said.filter((text) => text.startsWith("nn.attention:"))),
];

testEmulatedDevice(
  "attention of 16-bit floats and what its gradient wants are the library's, and those of the reference",
  { timeout: 60_000 },
  async () => {
    const said = [
      ...(await expectAttention(cases, library(), { gradients: false })),
      ...(await expectAttention(cases.slice(1, 2), library())),
    ];
    expect(distinct(said)).toEqual([
      "nn.attention: cuDNN 9.22.0, 2 of 2 heads, 3×5×8 and 16 bfloat16, as one operation",
      "nn.attention: cuDNN 9.22.0, 1 of 4 heads, 2 of keys, 4×4×16 and 8 float16, causal, as one operation",
      "nn.attention: cuDNN 9.22.0, 2 of 3 heads, 1 of keys, 5×5×8 bfloat16, causal, as one operation",
      "nn.attention: cuDNN 9.22.0, 1 of 1 heads, 1×7×24 and 8 float16, as one operation",
    ]);
  },
);

testEmulatedDevice.each([
  [91_500, "as one operation", "as operations"], // which has no masks yet
  [91_300, "as operations", "as operations"],
  [90_501, "as operations", "as operations"],
])("version %i is told of attention %s, and %s where it is causal", { timeout: 60_000 }, async (version, ...told) => {
  const said = await withVersion(version, () => expectAttention(cases.slice(0, 2), library(), { gradients: false }));
  expect(distinct(said).map((text) => text.split(", ").at(-1))).toEqual(told);
});

testEmulatedDevice("what the library has no engine for, and what it refuses, has a kernel of our own", async () => {
  const one = cases.slice(0, 1);
  vi.stubEnv("TENON_EMULATED_CUDNN_REFUSES", "A");
  const fallback = await expectAttention(one, library(), { gradients: false });
  expect(distinct(fallback)).toEqual([expect.stringContaining(": cuDNN 9.22.0, ")]);
  vi.stubEnv("TENON_EMULATED_CUDNN_REFUSES", "A, fallback");
  await setBackend(library());
  const q = ones([2, 3, 2, 8]).cast("bfloat16");
  const step = compile((x: Tensor) => attention(x, x, x));
  const said = await saidDuring(async () => {
    for (let i = 0; i < 3; i++) expect(new Set(await (await step(q)).data())).toEqual(new Set([1]));
  });
  vi.unstubAllEnvs();
  expect(said).toEqual(["nn.attention: a kernel of our own, cuDNN has no engine for 2 of 2 heads, 3×3×8 bfloat16"]);
});

testEmulatedDevice("where the library cannot be recorded, it is called in each run", async () => {
  vi.stubEnv("TENON_EMULATED_CUDNN_REFUSES", "captures");
  const said = await expectAttention(cases.slice(0, 1), library(), { gradients: false });
  vi.unstubAllEnvs();
  expect(distinct(said)).toEqual([expect.stringContaining(": cuDNN 9.22.0, ")]);
  // the result alone, and the logarithms with it: each program tries once
  expect(said.filter((text) => text.startsWith("a step is no graph: execute: "))).toHaveLength(2);
});

testEmulatedDevice("small attention and that in branches stay with kernels of our own", async () => {
  const x = ones([1, 2, 2, 8]).cast("float16");
  const plain = (x: Tensor) => attention(x, x, x);
  await setBackend(cudaNative({ cache: false }));
  expect(await saidDuring(() => compile(plain)(x))).toEqual(["nn.attention: a kernel of our own, little work"]);
  await setBackend(library(false));
  expect(await saidDuring(() => compile(plain)(x))).toEqual([]);
  await setBackend(library());
  const branches = compile((x: Tensor) =>
    cond(
      x.sum().greater(0),
      () => attention(x, x, x),
      () => x,
    ),
  );
  expect(distinct(await saidDuring(() => branches(x)))).toEqual([
    "nn.attention: a kernel of our own, in a branch or loop that the device decides",
  ]);
});

testEmulatedDevice(
  "arguments that lie elsewhere in each run, and come in several sizes, are those that are read",
  async () => {
    await setBackend(library());
    const input = spec(["B", "T", 2, 8], "float16");
    const step = compile((q: Tensor, v: Tensor) => attention(q, q, v, { causal: true }), { inputs: [input, input] });
    const held: Tensor[] = [];
    for (let i = 0; i < 24; i++) {
      const [b, t] = [1 + (i % 2), 2 + (i % 3)];
      const q = ones([b, t, 2, 8]).cast("float16");
      const v = tensor(new Float32Array(b * t * 16).fill(i), { shape: [b, t, 2, 8], dtype: "float16" });
      const y = await step(q, v);
      expect(new Set(await y.data())).toEqual(new Set([i]));
      if (i % 4 === 0) held.push(q, v, y); // so that memory does not come back in turns
    }
  },
);
