import { type Backend, type Buffer, bindDims, type Executable, registeredBackends } from "@tenon/backend";
import { type InterpreterOptions, interpreter } from "@tenon/interpreter";
import {
  add,
  applyOp,
  buildModule,
  constant,
  decodeElements,
  dimSymbol,
  encodeElements,
  Fn,
  input,
  less,
  lookupOp,
  mul,
  opaque,
  opRecord,
  type Tensor,
  type TensorType,
  trace,
} from "@tenon/ir";
import { verify } from "@tenon/ir/verify";
import { expect, test } from "vitest";

opRecord({
  name: "nn.failing",
  version: 1,
  numeric: "exact",
  inputs: ["x"],
  shape: ([x]) => x.shape,
  run() {
    throw new RangeError("no memory for that");
  },
});

const f32 = (shape: TensorType["shape"]): TensorType => ({ dtype: "float32", shape });
const moduleOf = (body: (...args: Tensor[]) => readonly Tensor[], specs: readonly TensorType[]) =>
  verify(buildModule({ entries: { step: trace(body, specs).fn } }));

/** (w alias 0, x) → (w + x, w · x), over [B]. */
function program(): Fn {
  const size = dimSymbol("B", { min: 1, max: 8 });
  const [w, x] = [input(f32([size]), "w"), input(f32([size]), "x")];
  return new Fn("step", [w, x], [add(w, x), mul(w, x)], [0]);
}

const open = (options: InterpreterOptions = {}): Promise<Backend> => interpreter(options).create();

async function compiled(): Promise<[Backend, Executable]> {
  const backend = await open();
  return [backend, await backend.compile(verify(buildModule({ entries: { step: program() } })), "step")];
}

function filled(backend: Backend, ...values: number[]): Buffer {
  const buffer = backend.alloc(4 * values.length);
  backend.write(buffer, encodeElements("float32", values));
  return buffer;
}

const valuesOf = async (backend: Backend, buffer: Buffer) => [...decodeElements("float32", await backend.read(buffer))];

test("importing the package registers the backend", () => {
  expect(registeredBackends().map(({ id }) => id)).toContain("interpreter");
});

test("an aliased result is the argument's own buffer; the others are new", async () => {
  const [backend, step] = await compiled();
  const [w, x] = [filled(backend, 1, 2), filled(backend, 10, 20)];
  const dims = Object.fromEntries(bindDims(step.signature, [[2], [2]]));
  const [sum, product] = step.run([w, x], { dims });
  expect(sum).toBe(w);
  expect(await valuesOf(backend, sum!)).toEqual([11, 22]);
  expect(await valuesOf(backend, product!)).toEqual([10, 40]);
  expect(backend.stats()).toEqual({ liveBuffers: 3, liveBytes: 24, cachedPrograms: 1 });
});

test("results go into the buffers that are given for them", async () => {
  const [backend, step] = await compiled();
  const [w, x, y] = [filled(backend, 1, 2), filled(backend, 10, 20), backend.alloc(8)];
  expect(step.run([w, x], { dims: { B: 2 }, results: [undefined, y] })[1]).toBe(y);
  expect(await valuesOf(backend, y)).toEqual([10, 40]);
});

test("buffers are checked before anything runs", async () => {
  const [backend, step] = await compiled();
  const [w, x] = [filled(backend, 1, 2), filled(backend, 10, 20)];
  const foreign = (await open()).alloc(8);
  const dims = { B: 2 };
  expect(() => step.run([w], { dims })).toThrowErrorMatchingInlineSnapshot(`
    [BackendError E531 step: 1 buffers given, 2 wanted.
      w: float32 [B]
      x: float32 [B]]
  `);
  expect(() => step.run([w, x], { dims: { B: 3 } })).toThrowErrorMatchingInlineSnapshot(`
    [BackendError E531 step: the buffer of w has 8 bytes, not 12.
      w: float32 [3]]
  `);
  expect(() => step.run([w, x])).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E522 step: the size B has no value.
      fix: bind B, for example by an argument with an axis of that size.]
  `);
  expect(() => step.run([w, x], { dims: { B: 9 } })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError E522 step: B is 9, outside 1..8.]`,
  );
  expect(() => step.run([w, x], { dims: { C: 2 } })).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E523 step: there is no size C to bind.
      fix: did you mean B?]
  `);
  expect(() => step.run([w, foreign], { dims })).toThrowErrorMatchingInlineSnapshot(`
    [BackendError E532 step: the buffer belongs to another interpreter.
      fix: copy it by read and write.]
  `);
  expect(() => step.run([w, { ...x, backend: "webgpu", release() {} }], { dims })).toThrowErrorMatchingInlineSnapshot(`
    [BackendError E532 step: x is a buffer of webgpu, not of interpreter.
      fix: read it there and write it into a buffer of interpreter.]
  `);
  expect(() => step.run([w, w], { dims })).toThrowErrorMatchingInlineSnapshot(`
    [BackendError E533 step: the buffer of w is written by the run, and is also that of x.
      fix: copy it first.]
  `);
  expect(() => step.run([w, x], { dims, results: [x] })).toThrowErrorMatchingInlineSnapshot(`
    [BackendError E533 step: result 0 is written into the buffer of w, not into another.
      fix: leave its place in results undefined.]
  `);
  expect(() => step.run([w, x], { dims, results: [undefined, x] })).toThrowErrorMatchingInlineSnapshot(`
    [BackendError E533 step: the buffer of result 1 is written by the run, and is also that of x.
      fix: copy it first.]
  `);
  expect(await valuesOf(backend, w)).toEqual([1, 2]);
});

test("a released buffer, a closed backend and a disposed executable are refused", async () => {
  const [backend, step] = await compiled();
  const [w, x] = [filled(backend, 1, 2), filled(backend, 10, 20)];
  x.release();
  x.release();
  expect(backend.stats().liveBytes).toBe(8);
  expect(() => step.run([w, x], { dims: { B: 2 } })).toThrowErrorMatchingInlineSnapshot(`
    [BackendError E535 step: the buffer of 8 bytes was released.
      fix: release it after its last use.]
  `);
  await expect(backend.read(x)).rejects.toThrow("E535");
  step.dispose();
  expect(() => step.run([w, w], { dims: { B: 2 } })).toThrowErrorMatchingInlineSnapshot(`
    [BackendError E538 step: the executable was disposed.
      fix: compile the module again.]
  `);
  await backend.close();
  await backend.close();
  expect(backend.stats()).toEqual({ liveBuffers: 0, liveBytes: 0, cachedPrograms: 0 });
  expect(() => backend.alloc(4)).toThrowErrorMatchingInlineSnapshot(`
    [BackendError E537 alloc: the backend is closed.
      fix: create another one.]
  `);
  expect(() => backend.write(w, new Uint8Array(4))).toThrow("E537");
});

test("reads and writes stay inside the buffer", async () => {
  const backend = await open();
  const buffer = filled(backend, 1, 2, 3);
  backend.write(buffer, encodeElements("float32", [9]), 4);
  expect(await valuesOf(backend, buffer)).toEqual([1, 9, 3]);
  expect([...decodeElements("float32", backend.readSync!(buffer, 8, 4))]).toEqual([3]);
  expect(() => backend.readSync!(buffer, 8, 8)).toThrowErrorMatchingInlineSnapshot(
    `[BackendError E536 read: bytes 8 to 16 are outside a buffer of 12 bytes.]`,
  );
  expect(() => backend.write(buffer, new Uint8Array(4), 10)).toThrow("E536");
  expect(() => backend.copy(buffer, backend.alloc(8))).toThrowErrorMatchingInlineSnapshot(
    `[BackendError E531 copy: the buffers have 12 and 8 bytes.]`,
  );
  expect(() => backend.alloc(-1)).toThrowErrorMatchingInlineSnapshot(
    `[LimitError E534 alloc: -1 is no number of bytes up to 2147483647.]`,
  );
});

test("a buffer that was read keeps its bytes when the caller changes the copy", async () => {
  const backend = await open();
  const buffer = filled(backend, 1);
  (await backend.read(buffer)).fill(0);
  expect(await valuesOf(backend, buffer)).toEqual([1]);
});

test("an error of a run waits in its results and in the next sync", async () => {
  const backend = await open();
  const step = await backend.compile(
    moduleOf((x) => applyOp(lookupOp("nn.failing")!, [x]), [f32([2])]),
    "step",
  );
  const next = await backend.compile(
    moduleOf((x) => [add(x, x)], [f32([2])]),
    "step",
  );
  const [spoiled] = step.run([filled(backend, 1, 2)]);
  const [after] = next.run([spoiled!]);
  await expect(backend.read(spoiled!)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[BackendError E541 step: the run failed: no memory for that.]`,
  );
  await expect(backend.read(after!)).rejects.toThrow("E541");
  await expect(backend.sync()).rejects.toThrow("E541");
  await backend.sync();
  backend.write(after!, encodeElements("float32", [5, 6]));
  expect(await valuesOf(backend, after!)).toEqual([5, 6]);
});

test("live bytes are flat over runs whose results are released", async () => {
  const [backend, step] = await compiled();
  const [w, x] = [filled(backend, 0, 0), filled(backend, 1, 2)];
  const before = backend.stats();
  for (let i = 0; i < 100; i++) step.run([w, x], { dims: { B: 2 } })[1]!.release();
  expect(backend.stats()).toEqual({ ...before, cachedPrograms: 1 });
  expect(await valuesOf(backend, w)).toEqual([100, 200]);
});

test("the programs of a few bindings are kept", async () => {
  const [backend, step] = await compiled();
  for (let size = 1; size <= 8; size++) {
    const [w, x] = [backend.alloc(4 * size), backend.alloc(4 * size)];
    step.run([w, x], { dims: { B: size } });
    step.run([w, x], { dims: { B: size } });
  }
  expect(backend.stats().cachedPrograms).toBe(8);
  step.dispose();
  expect(backend.stats().cachedPrograms).toBe(0);
});

test("poisoned memory shows whoever uses it before it is written", async () => {
  const backend = await open({ debug: { poison: true } });
  const [group] = backend.allocGroup([8], "parameter");
  expect(await valuesOf(backend, group!)).toEqual([NaN, NaN]);
});

test("the plan says how many bytes a run holds, by size", async () => {
  const [, step] = await compiled();
  expect([step.plan.peakBytes({ B: 1 }), step.plan.peakBytes({ B: 8 })]).toEqual([16, 128]);
});

test("a program above the memory budget is refused", async () => {
  const backend = await open();
  const module = moduleOf((x) => [mul(add(x, x), x)], [f32([100])]);
  await expect(backend.compile(module, "step", { memoryBudget: 1000 })).rejects.toThrowErrorMatchingInlineSnapshot(`
    [LimitError E539 step: a run holds up to 1600 bytes, more than the budget of 1000.
      fix: raise memoryBudget, or use a smaller batch.]
  `);
});

test("what the backend cannot run is refused at compilation", async () => {
  const backend = await open();
  const refused = (module: ReturnType<typeof moduleOf>, entry = "step", options = {}) =>
    backend.compile(module, entry, options);
  const long = moduleOf((x) => [add(x, x)], [{ dtype: "int64", shape: [] }]);
  await expect(refused(long)).rejects.toThrowErrorMatchingInlineSnapshot(`
    [BackendError E511 add: interpreter has no int64.
      at: @step #0
      fix: cast to another dtype, or use another backend.]
  `);
  const types = [f32([])];
  await expect(
    refused(moduleOf((x) => opaque({ target: "cuda-native.topk", version: 1, types }, [x]), types)),
  ).rejects.toThrowErrorMatchingInlineSnapshot(`
    [BackendError E514 opaque: it needs cuda-native.topk, which interpreter does not have.
      at: @step #0
      fix: use a backend that has it.]
  `);
  const module = moduleOf((x) => [add(x, x)], types);
  await expect(refused(module, "stop")).rejects.toThrowErrorMatchingInlineSnapshot(`
    [BackendError E506 compile: the module has no entry "stop".
      entries: step
      fix: did you mean step?]
  `);
  await expect(refused({ ...module })).rejects.toThrowErrorMatchingInlineSnapshot(`
    [BackendError E507 compile: the module is not verified.
      fix: pass what verify(module) returns.]
  `);
  await expect(refused(module, "step", { memory: 1 })).rejects.toThrowErrorMatchingInlineSnapshot(`
    [OptionError E801 compile: unknown option memory.
      fix: did you mean memoryBudget?]
  `);
});

test("an unknown option is refused", async () => {
  await expect(interpreter({ debug: { poisn: true } as object }).create()).rejects.toThrowErrorMatchingInlineSnapshot(`
    [OptionError E801 interpreter: unknown option poisn.
      fix: did you mean poison?]
  `);
});

test("a loop without a bound on its trips runs", async () => {
  const backend = await open();
  const module = moduleOf(
    (x) => {
      const cond = trace((n) => [less(n, 100)], [f32([])]).fn;
      const body = trace((n) => [mul(n, 3)], [f32([])]).fn;
      return applyOp(lookupOp("while")!, [x], { cond, body });
    },
    [f32([])],
  );
  const [y] = (await backend.compile(module, "step")).run([filled(backend, 2)]);
  expect(await valuesOf(backend, y!)).toEqual([162]);
});

test("a constant is a result like any other, and a result may stand twice", async () => {
  const backend = await open();
  const module = moduleOf((x) => [constant(7), x, x], [f32([])]);
  const results = (await backend.compile(module, "step")).run([filled(backend, 2)]);
  expect(await Promise.all(results.map((y) => valuesOf(backend, y)))).toEqual([[7], [2], [2]]);
  expect(new Set(results).size).toBe(3);
});
