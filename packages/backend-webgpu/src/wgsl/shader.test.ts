import { type DType, decodeElements, encodeElements } from "@tenon/ir";
import { constantIndex, type IndexVariable, indexVariable } from "@tenon/lowering";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWithGpu, testWithGpu } from "../gpu.test-kit.ts";
import { type Bench, openBench } from "../recorder.test-kit.ts";
import { shaderText } from "./shader.ts";
import type { KernelSource } from "./source.ts";

const scalar = (i: number): IndexVariable => indexVariable(`n${i}`, 0, 2 ** 31 - 1) as IndexVariable;

/** `out[n1 · i] = in[n1 · i]` for `i < n0`, by 64 threads a workgroup. */
const copying = (from: DType, to: DType): KernelSource => ({
  name: `${from} to ${to}`,
  threads: 64,
  groups: constantIndex(1),
  scalars: [scalar(0), scalar(1)],
  slots: [
    { dtype: from, access: "read", vectors: false },
    { dtype: to, access: "write", vectors: false },
  ],
  declarations: "",
  body: "let i = i32(group * 64u + thread);\nif (i < n0) { store1(n1 * i, load0(n1 * i)); }",
});

const half = Uint16Array.from({ length: 65_536 }, (_, i) => i);
const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
const isNaNHalf = (bits: number): boolean => (bits & 0x7fff) > 0x7c00;

describeWithGpu("of SwiftShader", () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench();
  });
  afterAll(() => bench.live.close());

  const copied = async (from: DType, to: DType, data: ArrayBufferView, count: number, width: number) => {
    const [input, output] = [bench.holding(data), bench.memory.alloc(count * width)];
    bench.run(copying(from, to), { ranges: [input, output], scalars: [count, 1], groups: Math.ceil(count / 64) });
    return bench.read(output);
  };

  test("every float16 is loaded as the number that it is, and stored as it was", async () => {
    const loaded = await copied("float16", "float32", half, 65_536, 4);
    const expected = decodeElements("float16", new Uint8Array(half.buffer));
    const found = decodeElements("float32", loaded);
    for (const bits of half) expect(Object.is(found[bits], expected[bits]), `${bits}`).toBe(true);
    const stored = new Uint16Array((await copied("float16", "float16", half, 65_536, 2)).slice().buffer);
    for (const bits of half) {
      if (isNaNHalf(bits)) expect(isNaNHalf(stored[bits]!), `${bits}`).toBe(true);
      else expect(stored[bits]).toBe(bits);
    }
  });

  test("every bfloat16 keeps its bits", async () => {
    const stored = new Uint16Array((await copied("bfloat16", "bfloat16", half, 65_536, 2)).slice().buffer);
    expect([...stored]).toEqual([...half]);
  });

  test.each(["int8", "uint8", "int16", "uint16"] as const)("every %s is widened and narrowed again", async (dtype) => {
    const all = dtype.endsWith("8") ? bytes : half;
    const wide = dtype.startsWith("u") ? "uint32" : "int32";
    const loaded = await copied(dtype, wide, all, all.length, 4);
    const expected = decodeElements(dtype, new Uint8Array(all.buffer));
    expect([...decodeElements(wide, loaded)]).toEqual([...expected]);
    const narrowed = await copied(wide, dtype, loaded.slice(), all.length, all.BYTES_PER_ELEMENT);
    expect([...narrowed]).toEqual([...new Uint8Array(all.buffer)]);
  });

  test("a bool is what is not 0", async () => {
    expect([...(await copied("bool", "bool", Uint8Array.of(0, 1, 2, 255, 0), 5, 1))]).toEqual([0, 1, 1, 1, 0]);
  });

  test("what is stored leaves the elements beside it alone", async () => {
    const [input, output] = [bench.holding(bytes), bench.holding(new Uint8Array(256).fill(7))];
    bench.run(copying("uint8", "uint8"), { ranges: [input, output], scalars: [86, 3], groups: 2 });
    expect([...(await bench.read(output))]).toEqual([...bytes].map((x, i) => (i % 3 === 0 ? x : 7)));
  });

  test("one dispatch serves instances of different sizes, each with its own workgroups", async () => {
    const sizes = [1, 200, 64, 65, 3];
    const all = sizes.map((n) => {
      const data = Uint32Array.from({ length: n }, (_, i) => 1000 * n + i);
      return { data, from: bench.holding(data), to: bench.memory.alloc(4 * n) };
    });
    const instances = all.map(({ data, from, to }) => ({
      ranges: [from, to],
      scalars: [data.length, 1],
      groups: Math.ceil(data.length / 64),
    }));
    const recording = bench.run(copying("uint32", "uint32"), ...instances);
    expect(recording.dispatches).toBe(1);
    for (const { data, to } of all) expect(await bench.read(to)).toEqual(new Uint8Array(data.buffer));
  });

  test("more workgroups than one axis has go along two", async () => {
    const count = 65_535 * 64 + 1000;
    const data = Uint8Array.from({ length: count }, (_, i) => i % 251);
    expect(Buffer.compare(await copied("uint8", "uint8", data, count, 1), data)).toBe(0);
  });

  const vectors: KernelSource = {
    name: "vectors",
    threads: 1,
    groups: constantIndex(1),
    scalars: [],
    slots: [
      { dtype: "float32", access: "read", vectors: true },
      { dtype: "float32", access: "write", vectors: false },
    ],
    declarations: "",
    body: "let v = vector0(1);\nfor (var i = 0; i < 4; i++) { store1(i, v[i] + load0(i)); }",
  };

  test.each([
    ["in the buffer that is written", 8],
    ["in a buffer of its own", 2000],
  ])("vectors are four elements side by side, %s", async (_, length) => {
    const data = Array.from({ length }, (_, i) => i + 0.5);
    const [input, output] = [bench.holding(encodeElements("float32", data)), bench.memory.alloc(16)];
    bench.run(vectors, { ranges: [input, output] });
    expect([...decodeElements("float32", await bench.read(output))]).toEqual(
      [0, 1, 2, 3].map((i) => data[i]! + data[i + 4]!),
    );
  });
});

test("memory is as long as the longest slot in it, where all of them are known", () => {
  const arrays = (...words: readonly (number | undefined)[]) =>
    shaderText(copying("float32", "float32"), {
      places: words.map((w) => ({ binding: 0, based: false, ...(w !== undefined && { words: w }) })),
      several: false,
      guarded: false,
      tableLength: 2,
    }).split("\n")[0];
  expect(arrays(16, 40)).toBe("@group(0) @binding(0) var<storage, read_write> memory0: array<u32, 40>;");
  expect(arrays(16, undefined)).toBe("@group(0) @binding(0) var<storage, read_write> memory0: array<u32>;");
});

test("memory that is written is bound once and for writing, and has no vectors", () => {
  const slots = [
    { dtype: "float32", access: "read", vectors: true },
    { dtype: "int8", access: "write", vectors: false },
    { dtype: "float32", access: "read", vectors: true },
  ] as const;
  const source = { ...copying("float32", "float32"), slots };
  const text = shaderText(source, {
    places: [
      { binding: 0, based: true },
      { binding: 0, based: true },
      { binding: 1, based: false },
    ],
    several: false,
    guarded: true,
    tableLength: 3,
  });
  expect(text.split("\n").filter((line) => line.startsWith("@group"))).toEqual([
    "@group(0) @binding(0) var<storage, read_write> memory0: array<atomic<u32>>;",
    "@group(0) @binding(1) var<storage, read> memory1: array<vec4<u32>>;",
    "@group(0) @binding(2) var<uniform> table: array<vec4<u32>, 3>;",
    "@group(0) @binding(3) var<uniform> guard: vec4<u32>;",
  ]);
});

/** No driver known to these tests has `shader-f16`; Dawn's null device has, which compiles everything and runs nothing. */
testWithGpu("with 16-bit floats of the device's own, modules compile", async () => {
  const { create } = (await import("webgpu")) as unknown as { create(flags: readonly string[]): GPU };
  const adapter = (await create(["backend=null"]).requestAdapter())!;
  const device = await adapter.requestDevice({ requiredFeatures: ["shader-f16"] });
  const places = [0, 1].map((binding) => ({ binding, based: false }));
  const variant = { places, several: false, guarded: false, tableLength: 2 };
  for (const [from, to] of [
    ["float16", "float32"],
    ["float32", "float16"],
    ["float16", "float16"],
  ] as const) {
    const text = shaderText(copying(from, to), variant, true);
    expect(text).toMatch(/^enable f16;/);
    const { messages } = await device.createShaderModule({ code: text }).getCompilationInfo();
    expect(messages.map(({ message }) => message)).toEqual([]);
  }
  expect(shaderText(copying("int8", "float32"), variant, true)).not.toMatch("f16");
});
