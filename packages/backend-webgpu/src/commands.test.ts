import { decodeElements, dimSymbol, encodeElements, matmul } from "@tenon/ir";
import { expect, test, vi } from "vitest";
import { compiled, count, f32, fnOf, numbers, open, upload } from "./agrees.test-kit.ts";
import { deviceStatsOf, webgpu } from "./backend.ts";
import { describeWithGpu, softwareGpu } from "./gpu.test-kit.ts";
import { Recording } from "./recording.ts";

const batch = dimSymbol("B", { min: 1, max: 64 });

/** (w alias 0, b alias 1, x) → (w − x′x / 1024, b + Σ x, Σ (x·w)²): a step with products, large and small memory. */
const step = fnOf(
  [f32(40, 40), f32(40), f32(batch, 40)],
  (w, b, x) => {
    const y = matmul(x, w).add(b);
    return [w.sub(matmul(x.transpose(), y).div(1024)), b.add(x.sum({ axis: 0 })), y.square().sum()];
  },
  [0, 1],
);

describeWithGpu("of SwiftShader", () => {
  test("parameters and gradients of different sizes are updated by one dispatch for large ones and one for small", async () => {
    const backend = await open();
    const sizes = [300, 700, 10, 20, 1500];
    const fn = fnOf(
      [...sizes, ...sizes].map((n) => f32(n)),
      (...xs) => sizes.map((_, i) => xs[i]!.add(xs[i + 5]!.mul(0.5))),
      [0, 1, 2, 3, 4],
    );
    const program = await compiled(backend, fn);
    const runs = vi.spyOn(Recording.prototype, "run");
    const params = sizes.map((n) => upload(backend, count(n)));
    const changes = backend.allocGroup(
      sizes.map((n) => 4 * n),
      "gradient",
    );
    for (const [i, n] of sizes.entries())
      backend.write(changes[i]!, encodeElements("float32", new Float64Array(n).fill(2)));
    for (let i = 0; i < 3; i++) program.run([...params, ...changes]);
    for (const [i, n] of sizes.entries()) {
      const found = decodeElements("float32", await backend.read(params[i]!));
      expect([...found]).toEqual([...count(n).data].map((x) => x + 3));
    }
    expect(runs.mock.contexts.map((recording) => (recording as Recording).dispatches)).toEqual([2, 2, 2]);
    expect(deviceStatsOf(backend)!.latePipelines).toBe(0);
    await backend.close();
    vi.restoreAllMocks();
  });

  test("2,000 steps whose losses are read are as many submissions, and make no buffer once their sizes were seen", {
    timeout: 120_000,
  }, async () => {
    const backend = await webgpu({ gpu: softwareGpu() }).create();
    const stats = () => deviceStatsOf(backend)!;
    const program = await compiled(backend, step);
    const [w, b] = [upload(backend, count(40, 40)), upload(backend, count(40))];
    const one = async (size: number): Promise<void> => {
      const x = upload(backend, count(size, 40));
      const [, , loss] = program.run([w, b, x], { dims: { B: size } });
      x.release();
      await backend.read(loss!);
      loss!.release();
    };
    for (const size of [32, 8, 32, 8]) await one(size);
    const before = stats();
    const live = backend.stats();
    for (let i = 0; i < 1000; i++) for (const size of [32, 8]) await one(size);
    const after = stats();
    expect(after.buffers).toBe(before.buffers);
    expect(after.submits).toBe(before.submits + 2000);
    expect(backend.stats()).toEqual(live);
    expect(after.latePipelines).toBe(0);
    await backend.close();
  });

  test("steps that nobody waits for are submitted when the event loop turns", async () => {
    const backend = await open();
    const program = await compiled(
      backend,
      fnOf([f32(4)], (x) => [x.add(1)], [0]),
    );
    const x = upload(backend, count(4));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const before = deviceStatsOf(backend)!.submits;
    const quick = await webgpu({ gpu: softwareGpu() }).create();
    for (let i = 0; i < 5; i++) program.run([x]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(deviceStatsOf(backend)!.submits).toBe(before + 1);
    await Promise.all([backend.close(), quick.close()]);
  });

  test("what is written after a run does not reach it, and what is read before one is not its work", async () => {
    const backend = await webgpu({ gpu: softwareGpu() }).create();
    const program = await compiled(
      backend,
      fnOf([f32(400), f32()], (x, y) => [x.mul(y)]),
    );
    const bytes = (value: number, size = 1) => encodeElements("float32", new Float64Array(size).fill(value));
    const x = backend.alloc(1600);
    const results = [3, 4, 5].map((factor) => {
      backend.write(x, bytes(factor, 400));
      const y = backend.alloc(4); // each in another cell of the slab
      backend.write(y, bytes(10));
      const [result] = program.run([x, y]);
      backend.write(y, bytes(0));
      return result!;
    });
    const before = backend.read(x);
    backend.write(x, bytes(0, 400));
    const factors = [1, 2, 3].map((factor) => upload(backend, numbers(f32(), [factor]))); // in cells side by side
    const ones = upload(backend, numbers(f32(400), Array<number>(400).fill(1)));
    const inRow = factors.map((factor) => program.run([ones, factor])[0]!);
    const readInRow = await Promise.all(inRow.map((result) => backend.read(result)));
    expect(readInRow.map((data) => new Float32Array(data.slice().buffer)[399])).toEqual([1, 2, 3]);
    const read = await Promise.all(results.map((result) => backend.read(result)));
    expect(read.map((data) => new Float32Array(data.slice().buffer)[399])).toEqual([30, 40, 50]);
    expect(new Float32Array((await before).slice().buffer)[0]).toBe(5);
    await backend.close();
  });
});
