import type { Backend } from "@tenon/backend";
import { interpreter } from "@tenon/interpreter";
import { buildModule, dimSymbol, Fn, input, matmul, sort, type Tensor, type TensorType } from "@tenon/ir";
import { verify } from "@tenon/ir/verify";
import { expect, test, vi } from "vitest";
import { backendFrom, type KernelBackend, kernelsOf, programOf } from "./kernel-backend.ts";
import type { MemoryLayout } from "./plan/plan.ts";

const f32 = (...shape: TensorType["shape"]): TensorType => ({ dtype: "float32", shape });
const batch = dimSymbol("B", { min: 1, max: 64 });

/** (w alias 0, x) → (w + x, Σ (w·x)) */
function moduleOf(size: TensorType["shape"][number]) {
  const inputs = [input(f32(size)), input(f32(size))];
  const [w, x] = inputs as [Tensor, Tensor];
  const fn = new Fn("main", inputs, [w.add(x), sort(w.mul(x)).sum()], [0]);
  return verify(buildModule({ entries: { main: fn } }));
}

const { caps } = await interpreter().create();

/** A target whose memory is host bytes and whose programs do nothing but note that they ran. */
class Idle implements KernelBackend<Uint8Array, string> {
  readonly id = "idle";
  readonly caps = { ...caps, features: [] };
  readonly target = {};
  readonly planning = { align: 64, guard: 0 };
  readonly maxBufferBytes = 1 << 20;
  readonly layouts: MemoryLayout[] = [];
  readonly calls: string[] = [];
  loading: Promise<string> = Promise.resolve("program");

  alloc = (bytes: number) => new Uint8Array(bytes);
  free = () => void this.calls.push("free");
  copy = (from: Uint8Array, to: Uint8Array) => to.set(from);
  write = (to: Uint8Array, data: Uint8Array, at: number) => to.set(data, at);
  read = async (from: Uint8Array, at: number, bytes: number) => from.slice(at, at + bytes);
  load = () => this.loading;
  unload = (loaded: string) => void this.calls.push(`unload ${loaded}`);
  run(_: string, layout: MemoryLayout, outside: readonly (Uint8Array | undefined)[]): void {
    this.layouts.push(layout);
    this.calls.push(`run ${outside.filter((x) => x !== undefined).map((x) => x.byteLength)}`);
  }
  sync = async () => {};
  close = () => void this.calls.push("close");
}

const twice = (backend: Backend, bytes: number) => [backend.alloc(bytes), backend.alloc(bytes)];

test("a run is given arguments, results of the caller's and of its own; an alias is its argument", async () => {
  const target = new Idle();
  const backend = backendFrom(target);
  const program = await backend.compile(moduleOf(4), "main");
  const [w, x] = twice(backend, 16);
  const results = program.run([w!, x!]);
  expect(results[0]).toBe(w);
  const own = backend.alloc(4);
  expect(program.run([w!, x!], { results: [undefined, own] })[1]).toBe(own);
  expect(target.calls).toEqual(["run 16,16,4", "run 16,16,4"]);
  expect(backend.stats()).toEqual({ liveBuffers: 4, liveBytes: 40, cachedPrograms: 1 });
});

test("a size that was bound before has its layout already", async () => {
  const target = new Idle();
  const backend = backendFrom(target);
  const program = await backend.compile(moduleOf(batch), "main");
  for (const size of [64, 2, 64]) program.run(twice(backend, 4 * size), { dims: { B: size } });
  const [large, small, again] = target.layouts;
  expect(again).toBe(large);
  expect(small!.peakBytes).toBeLessThan(large!.peakBytes);
  expect(program.plan.peakBytes({ B: 64 })).toBe(large!.peakBytes);
});

test("an error of a run waits in its results and in what is computed from them, until they are written", async () => {
  const target = new Idle();
  const backend = backendFrom(target);
  const program = await backend.compile(moduleOf(4), "main");
  const [w, x] = twice(backend, 16);
  const run = vi.spyOn(target, "run").mockImplementationOnce(() => {
    throw new RangeError("out of luck");
  });
  program.run([w!, x!]);
  program.run([x!, w!]);
  expect(run).toHaveBeenCalledTimes(1);
  for (const buffer of [w!, x!])
    await expect(backend.read(buffer)).rejects.toThrow("E541 main: the run failed: out of luck.");
  await expect(backend.sync()).rejects.toThrow("E541");
  await backend.sync();
  backend.write(w!, new Uint8Array(16));
  expect((await backend.read(w!)).length).toBe(16);
});

test("sync tells of the first error of all before it, and then of none: a run's before what the target finds out", async () => {
  const target = new Idle();
  const backend = backendFrom(target);
  const program = await backend.compile(moduleOf(4), "main");
  const [w, x] = twice(backend, 16);
  vi.spyOn(target, "run").mockImplementationOnce(() => {
    throw new Error("out of luck");
  });
  program.run([w!, x!]);
  vi.spyOn(target, "sync").mockRejectedValueOnce(new Error("lost"));
  await expect(backend.sync()).rejects.toThrow("out of luck");
  await backend.sync();
  vi.spyOn(target, "sync").mockRejectedValueOnce(new Error("lost"));
  await expect(backend.sync()).rejects.toThrow("lost");
  await backend.sync();
});

test("programs are unloaded once, at the latest when the backend closes, even when that is while they load", async () => {
  const target = new Idle();
  const backend = backendFrom(target);
  const program = await backend.compile(moduleOf(4), "main");
  program.dispose();
  program.dispose();
  expect(target.calls).toEqual(["unload program"]);
  let loaded = (_: string): void => {};
  target.loading = new Promise((resolve) => {
    loaded = resolve;
  });
  const load = vi.spyOn(target, "load");
  const late = backend.compile(moduleOf(4), "main");
  await vi.waitFor(() => expect(load).toHaveBeenCalled());
  backend.alloc(4);
  await backend.close();
  await backend.close();
  loaded("another");
  await expect(late).rejects.toThrow("E537");
  expect(target.calls.slice(1)).toEqual(["free", "close", "unload another"]);
});

test("what may be read at once is the target's to say, and programs are data", async () => {
  const target = new Idle();
  expect(backendFrom(target).readSync).toBeUndefined();
  const backend = backendFrom(target);
  const program = await backend.compile(moduleOf(4), "main");
  expect(programOf(program)!.signature.results).toHaveLength(2);
  expect(kernelsOf(program).length).toBeGreaterThan(1);
  const other = await interpreter().create();
  expect(kernelsOf(await other.compile(moduleOf(4), "main"))).toEqual([]);
});

test("a run above the budget is refused with the largest tensors, and what computes them", async () => {
  const backend = backendFrom(new Idle());
  const [x, y] = [input(f32(64, 8)), input(f32(8))];
  const fn = new Fn("main", [x, y], [sort(matmul(x, y.reshape([8, 1])).mul(x)).sum()]);
  const module = verify(buildModule({ entries: { main: fn } }));
  await expect(backend.compile(module, "main", { memoryBudget: 100 })).rejects.toThrowErrorMatchingInlineSnapshot(`
    [LimitError E539 main: a run holds up to 4100 bytes, more than the budget of 100.
      input 0: float32 [64, 8], 2048 bytes
      mul: float32 [64, 8], 2048 bytes
      sort: float32 [64, 8], 2048 bytes
      input 1: float32 [8], 32 bytes
      result 0: float32 [], 4 bytes
      fix: raise memoryBudget, or use a smaller batch.]
  `);
});
