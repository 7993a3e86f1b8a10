import { type Backend, type Buffer, bindDims, registeredBackends } from "@tenon/backend";
import { evaluateFn } from "@tenon/interpreter";
import {
  buildModule,
  cond,
  decodeElements,
  dimSymbol,
  type Elements,
  encodeElements,
  Fn,
  input,
  matmul,
  scan,
  type Tensor,
  type TensorType,
  whileLoop,
} from "@tenon/ir";
import { verify } from "@tenon/ir/verify";
import { kernelsOf } from "@tenon/lowering";
import { afterEach, expect, test, vi } from "vitest";
import { type CpuJsOptions, cpuJs } from "./backend.ts";

const f32 = (...shape: TensorType["shape"]): TensorType => ({ dtype: "float32", shape });
const i32 = (...shape: TensorType["shape"]): TensorType => ({ dtype: "int32", shape });
const batch = dimSymbol("B", { min: 1, max: 64 });

function fnOf(types: readonly TensorType[], body: (...xs: Tensor[]) => readonly Tensor[]): Fn {
  const inputs = types.map((type) => input(type));
  return new Fn("main", inputs, body(...inputs));
}

const compiled = (backend: Backend, fn: Fn) => backend.compile(verify(buildModule({ entries: { main: fn } })), "main");

function upload(backend: Backend, { dtype, data }: Elements): Buffer {
  const bytes = encodeElements(dtype, data);
  const buffer = backend.alloc(bytes.length);
  backend.write(buffer, bytes);
  return buffer;
}

/** The results of one program for each list of arguments, of small whole numbers, whose sums are exact. */
async function agrees(fn: Fn, ...lists: readonly (readonly Elements[])[]): Promise<void> {
  const backend = await cpuJs({ debug: { poison: true, sentinels: true } }).create();
  const program = await compiled(backend, fn);
  for (const args of lists) {
    const shapes = args.map((x) => x.shape);
    const dims = Object.fromEntries(bindDims(program.signature, shapes));
    const results = program.run(
      args.map((x) => upload(backend, x)),
      { dims },
    );
    const expected = evaluateFn(fn, args);
    for (const [i, { dtype, data }] of expected.entries())
      expect([...decodeElements(dtype, backend.readSync!(results[i]!))]).toEqual([...data]);
  }
  await backend.close();
}

const numbers = (type: TensorType, data: readonly number[]): Elements => ({
  dtype: type.dtype,
  shape: type.shape as readonly number[],
  data: Float64Array.from(data),
});
const count = (...shape: number[]): Elements => {
  const size = shape.reduce((n, d) => n * d, 1);
  return numbers(
    f32(...shape),
    Array.from({ length: size }, (_, i) => (i % 7) - 3),
  );
};

test("importing the package registers the backend", () => {
  expect(registeredBackends().map(({ id }) => id)).toContain("cpu-js");
});

test("one program serves every batch, larger or smaller than before", async () => {
  const fn = fnOf([f32(batch, 5), f32(5, 3)], (x, w) => [
    matmul(x, w).relu().sum({ axis: 0 }),
    x.sub(x.max({ axis: 1, keepDims: true })).reverse({ axis: 0 }),
  ]);
  await agrees(fn, ...[8, 3, 64, 1].map((n) => [count(n, 5), count(5, 3)]));
});

test("loops in loops, whose slices decide on branches", async () => {
  const fn = fnOf([f32(batch, 4), i32(batch, 3), f32(4)], (xs, choices, h) => {
    const outer = scan(
      ([h], [x, choice]) => {
        const inner = scan(
          ([g], [c]) => {
            const [next] = cond(c!, [() => [g!.add(x!)], () => [g!.mul(2)], () => [g!.neg()]]);
            return [[next!], [next!.sum()]];
          },
          [h!],
          [choice!],
        );
        return [[inner.carry[0]!.rem(16)], [inner.ys[0]!]];
      },
      [h],
      [xs, choices],
    );
    return [outer.carry[0]!, outer.ys[0]!];
  });
  const args = (n: number) => [
    count(n, 4),
    numbers(
      i32(n, 3),
      Array.from({ length: 3 * n }, (_, i) => ((5 * i) % 7) - 2), // beyond both ends too
    ),
    count(4),
  ];
  await agrees(fn, args(6), args(1));
});

test("a while loop ends where its condition does, or at its bound, and may not begin", async () => {
  const until = (most?: number) =>
    fnOf([f32(2), f32()], (x, limit) =>
      whileLoop(
        ([y]) => y!.sum().less(limit),
        ([y]) => [y!.mul(2)],
        [x],
        most === undefined ? {} : { maxTrip: most },
      ),
    );
  const list = [100, 7, -5].map((limit) => [numbers(f32(2), [1, 2]), numbers(f32(), [limit])]);
  await agrees(until(), ...list);
  await agrees(until(3), ...list);
});

test("equal products are one kernel, and kernels are data", async () => {
  const backend = await cpuJs().create();
  const program = await compiled(
    backend,
    fnOf([f32(4, 4), f32(4, 4)], (x, w) => [matmul(matmul(matmul(x, w), w), w)]),
  );
  expect(kernelsOf(program).map(({ kind }) => kind)).toEqual(["dot"]);
  await backend.close();
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test("TENON_DEBUG=kernels prints the kernels of each program", async () => {
  const printed = vi.spyOn(console, "error").mockImplementation(() => {});
  vi.stubEnv("TENON_DEBUG", "other,kernels");
  const backend = await cpuJs().create();
  await compiled(
    backend,
    fnOf([f32(2)], (x) => [x.add(1)]),
  );
  const text = printed.mock.calls.flat().join("\n");
  expect(text).toMatch(/^program main$/m);
  expect(text).toMatch(/^loops add\(in0: float32, out0: float32 write\)$/m);
  await backend.close();
});

test("what a closed backend held is given back, and what it allocates next stands where that stood", async () => {
  const backend = await cpuJs().create();
  const fn = fnOf([f32(300, 300)], (x) => [matmul(matmul(x, x).add(1), x)]);
  const before = backend.alloc(4);
  const program = await compiled(backend, fn);
  const x = backend.alloc(4 * 300 * 300);
  for (const result of program.run([x])) result.release();
  program.dispose();
  x.release();
  expect(backend.stats()).toEqual({ liveBuffers: 1, liveBytes: 4, cachedPrograms: 0 });
  before.release();
  await backend.close();
});

test("an error within a run is the error of its results", async () => {
  const backend = await cpuJs({ debug: { sentinels: true } }).create();
  const size = dimSymbol("N", { min: 1, max: 65_536 });
  const fn = fnOf([f32(size, 1)], (x) => [matmul(matmul(x, x.transpose()).exp(), x)]);
  const program = await compiled(backend, fn);
  const x = backend.alloc(4 * 50_000);
  const [result] = program.run([x], { dims: { N: 50_000 } }); // 10 GB between the products
  await expect(backend.read(result!)).rejects.toThrow(/E540/);
  await expect(backend.sync()).rejects.toThrow(/E540/);
  expect(backend.readSync!(x).length).toBe(200_000);
  await backend.close();
});

test.each<[unknown, string]>([
  [{ simd: "wide" }, "E803"],
  [{ smid: "auto" }, "E801"],
  [{ debug: { poisson: true } }, "E801"],
])("the options %o are refused", async (options, code) => {
  await expect(cpuJs(options as CpuJsOptions).create()).rejects.toMatchObject({ code });
});

test("the portable level has no instruction whose result is the processor's affair", async () => {
  const [portable, relaxed] = await Promise.all([
    cpuJs({ simd: "portable" }).create(),
    cpuJs({ simd: "relaxed" }).create(),
  ]);
  expect(portable.caps.device.fingerprint).toBe("wasm-simd128");
  expect(relaxed.caps.device.fingerprint).toBe("wasm-relaxed-simd");
  await Promise.all([portable.close(), relaxed.close()]);
});
