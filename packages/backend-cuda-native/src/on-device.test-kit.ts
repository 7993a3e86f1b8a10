import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Backend, BackendFactory } from "@tenon/backend";
import { cpuJs } from "@tenon/backend-cpu-js";
import { firstOutside } from "@tenon/conformance";
import { interpreter } from "@tenon/interpreter";
import { compile, matmul, memory, setBackend, spec, type Tensor, tensor, valueAndGrad, variable } from "@tenon/tensor";
import { expect } from "vitest";
import { bandOf, lossesByRelay } from "../../conformance/src/network-losses.test-kit.ts";
import { networks } from "../../conformance/src/networks.test-kit.ts";

/*
 * What is asked of a GPU, and in small of the emulated one, so that it is known to run before a GPU is there.
 */

/** A step that was begun on cpu-js goes on, and then there again. */
export async function expectRelay(backend: BackendFactory, steps: number): Promise<void> {
  const network = networks["mnist-mlp"]!;
  const there = cpuJs();
  const band = await bandOf(network, 3 * steps);
  const losses = await lossesByRelay(network, [there, backend, there], steps);
  expect(losses).toHaveLength(3 * steps);
  expect(firstOutside(band, losses)).toBe(undefined);
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Times at which a soak looks at the memory, besides its beginning. */
const LOOKS = 10;
const MIB = 2 ** 20;

/** A step on batches of three sizes leaves the device and the process as they were. */
export async function expectFlat(backend: BackendFactory, steps: number): Promise<void> {
  await setBackend(backend);
  const weights = [variable(matrix(64, 32)), variable(matrix(32, 10))] as const;
  const step = compile(
    (x: Tensor) => {
      const [loss, grads] = valueAndGrad(
        () => matmul(matmul(x, weights[0].value).tanh(), weights[1].value).square().mean(),
        weights,
      );
      for (const [i, w] of weights.entries()) w.assign(w.value.sub(grads[i]!.mul(0.1)));
      return loss;
    },
    { inputs: [spec(["B", 64])] },
  );
  const batches = [16, 12, 1].map((size) => matrix(size, 64));
  const held: unknown[] = [];
  const resident: number[] = [];
  const every = Math.ceil(steps / LOOKS);
  for (let i = 0; i <= steps; i++) {
    const loss = await step(batches[i % batches.length]!);
    if (i % every !== 0) continue;
    expect(Number.isFinite(await loss.item())).toBe(true);
    loss.dispose();
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20)); // finalisers
    const { liveBuffers, liveBytes, cachedPrograms, reservedBytes } = memory().devices.at(-1)!;
    held.push(JSON.stringify({ liveBuffers, liveBytes, cachedPrograms, reservedBytes }));
    resident.push(process.memoryUsage().rss / MIB);
  }
  console.log(`${held.at(-1)}; resident MiB ${resident.map((x) => x.toFixed(0)).join(" ")}`);
  expect(new Set(held.slice(LOOKS / 2)).size, held.join("\n")).toBe(1);
  if (steps >= 1000) expect(resident.at(-1)! - resident[2]!).toBeLessThan(24); // what the engine itself may keep
}

/** Where the memory ends, an error says so; what is released can be had again, and the device computes. */
export async function expectRoomAgain(backend: BackendFactory, bytes: number): Promise<void> {
  const open: Backend = await backend.create();
  const buffers = [];
  let problem: unknown;
  while (problem === undefined && buffers.length < 10_000) {
    try {
      buffers.push(open.alloc(bytes));
    } catch (error) {
      problem = error;
    }
  }
  expect(problem).toMatchObject({ code: "E540" });
  expect(buffers.length).toBeGreaterThan(0);
  for (const buffer of buffers) buffer.release();
  const [from, to] = [open.alloc(bytes), open.alloc(bytes)];
  const end = Uint8Array.from({ length: 64 }, (_, i) => i);
  open.write(from, end, bytes - end.length);
  open.copy(from, to);
  expect(await open.read(to, bytes - end.length)).toEqual(end);
  await open.close();
}

/** Products whose factors are rounded are those of the reference. */
export async function expectPrecision(backend: BackendFactory, precision: "tf32" | "bfloat16"): Promise<void> {
  const [a, b] = [matrix(96, 80), matrix(80, 72)];
  const product = async (on: BackendFactory, given: "float32" | "tf32" | "bfloat16") =>
    (await compile((x: Tensor, y: Tensor) => matmul(x, y), { backend: on, precision: given })(a, b)).data();
  const [rounded, exact, found] = [
    await product(interpreter(), precision),
    await product(interpreter(), "float32"),
    await product(backend, precision),
  ];
  const distance = (x: ArrayLike<number>, y: ArrayLike<number>) =>
    Math.max(...Array.from(x, (value, i) => Math.abs(value - y[i]!)));
  // what rounding the factors changes is large beside what the order of the sums does
  expect(distance(found, rounded)).toBeLessThan(distance(exact, rounded) / 20);
}

/** Numbers that no rounding leaves as they are. */
const matrix = (rows: number, columns: number): Tensor =>
  tensor(
    Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(1 + 3.7 * i)),
    { shape: [rows, columns] },
  );
