import { registeredBackends } from "@tenon/backend";
import { evaluateFn } from "@tenon/interpreter";
import { cond, decodeElements, dimSymbol, matmul, scan, whileLoop } from "@tenon/ir";
import { expect, test } from "vitest";
import { agrees, compiled, count, f32, fnOf, i32, numbers, open, upload } from "./agrees.test-kit.ts";
import { type WebGpuOptions, webgpu } from "./backend.ts";
import { describeWithGpu, softwareGpu } from "./gpu.test-kit.ts";

const batch = dimSymbol("B", { min: 1, max: 64 });

test("importing the package registers the backend", () => {
  expect(registeredBackends().map(({ id }) => id)).toContain("webgpu");
});

describeWithGpu("of SwiftShader", () => {
  test("one program serves every batch, larger or smaller than before", async () => {
    const fn = fnOf([f32(batch, 5), f32(5, 3)], (x, w) => [
      matmul(x, w).relu().sum({ axis: 0 }),
      x.sub(x.max({ axis: 1, keepDims: true })).reverse({ axis: 0 }),
    ]);
    await agrees(fn, ...[8, 3, 64, 1].map((n) => [count(n, 5), count(5, 3)]));
  });

  test("runs of more sizes than there are plans for do not disturb each other, though nobody waits between them", async () => {
    const n = dimSymbol("N", { min: 1, max: 1000 });
    const fn = fnOf([f32(n, 30), f32(30, 30)], (x, w) => [
      matmul(matmul(x, w).relu(), w).max({ axis: 1 }),
      x.sum({ axis: 0 }).sub(x.max()),
    ]);
    const backend = await webgpu({ gpu: softwareGpu() }).create(); // poison would part the runs
    const [program, other] = [await compiled(backend, fn), await compiled(backend, fn)];
    const w = upload(backend, count(30, 30));
    const sizes = [10, 300, 20, 5, 77, 150, 301, 9];
    const args = sizes.map((size) => upload(backend, count(size, 30)));
    const turns = [...sizes.keys(), ...[...sizes.keys()].reverse(), ...sizes.keys()];
    const runs = turns.map((turn, i) => {
      const size = sizes[turn]!;
      const results = (i % 3 === 0 ? other : program).run([args[turn]!, w], { dims: { N: size } });
      return { size, results };
    });
    for (const { size, results } of runs) {
      const expected = evaluateFn(fn, [count(size, 30), count(30, 30)]);
      for (const [i, { data }] of expected.entries())
        expect([...decodeElements("float32", await backend.read(results[i]!))]).toEqual([...data]);
    }
    await backend.sync();
    program.dispose();
    other.dispose();
    await backend.close();
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
    const until = (most: number) =>
      fnOf([f32(2), f32()], (x, limit) =>
        whileLoop(
          ([y]) => y!.sum().less(limit),
          ([y]) => [y!.mul(2)],
          [x],
          { maxTrip: most },
        ),
      );
    const list = [100, 7, -5].map((limit) => [numbers(f32(2), [1, 2]), numbers(f32(), [limit])]);
    await agrees(until(40), ...list);
    await agrees(until(3), ...list);
  });

  test("a loop of more launches than a run may have is refused, when it is compiled if that is known then", async () => {
    const backend = await open();
    const sums = (n: number | ReturnType<typeof dimSymbol>) =>
      fnOf([f32(n, 2), f32(2)], (xs, h) => scan(([h], [x]) => [[h!.add(x!).sin()], []], [h], [xs]).carry);
    await expect(compiled(backend, sums(200_000))).rejects.toThrowErrorMatchingInlineSnapshot(`
      [LimitError E542 main: a run would launch more than 100000 kernels.
        fix: make loops shorter, or several runs of one; a while loop counts as many trips as it may make.]
    `);
    const program = await compiled(backend, sums(dimSymbol("N", { min: 1, max: 200_000 })));
    const run = (n: number) => program.run([backend.alloc(8 * n), upload(backend, count(2))], { dims: { N: n } })[0]!;
    await expect(backend.read(run(200_000))).rejects.toMatchObject({ code: "E542" });
    await expect(backend.sync()).rejects.toMatchObject({ code: "E542" });
    expect((await backend.read(run(3))).byteLength).toBe(8);
    await backend.close();
  });

  test.each<[unknown, string]>([
    [{ powerPreferense: "low-power" }, "E801"],
    [{ debug: { sentinels: true } }, "E801"],
  ])("the options %o are refused", async (options, code) => {
    await expect(webgpu(options as WebGpuOptions).create()).rejects.toMatchObject({ code });
    await expect(webgpu({ gpu: softwareGpu() }).create(options)).rejects.toMatchObject({ code });
  });
});
