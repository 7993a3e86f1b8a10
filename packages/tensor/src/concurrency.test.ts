import type { BackendFactory } from "@tenon/backend";
import { interpreter } from "@tenon/interpreter";
import { compile, memory, setBackend, type Tensor, tensor, Variable, variable, zeros } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

const read = async (x: Tensor): Promise<number[]> => Array.from(await x.data());
const broken: BackendFactory = { id: "broken", abi: 1, create: () => Promise.reject(new Error("no device")) };

test("many reads of one tensor at once all get its values", async () => {
  const y = tensor([1, 2]).add(1);
  expect(await Promise.all(Array.from({ length: 10 }, () => read(y)))).toEqual(Array(10).fill([2, 3]));
  const f = compile((x: Tensor) => x.mul(2));
  const z = await f(tensor([4]));
  expect(await Promise.all(Array.from({ length: 10 }, () => read(z)))).toEqual(Array(10).fill([8]));
});

test("reads before and after a step, of a Variable that is assigned meanwhile, see what was there when they were asked for", async () => {
  const v = variable([1]);
  const step = compile(() => {
    v.assign(v.value.add(1));
  });
  await step();
  const before = read(v.value);
  const done = step();
  const after = read(v.value);
  v.assign(tensor([50]));
  const assigned = read(v.value);
  await done;
  expect([await before, await after, await assigned]).toEqual([[2], [3], [50]]);
});

test("steps on two devices take turns with one Variable", async () => {
  const other = interpreter();
  const v = variable([0]);
  const body = (x: Tensor): Tensor => {
    v.assign(v.value.mul(2).add(x));
    return v.value;
  };
  const [a, b] = [compile(body), compile(body, { backend: other })];
  const first = a(tensor([1]));
  const between = read(v.value);
  await Promise.all([first, b(tensor([2])), a(tensor([3])), b(tensor([4]))]);
  expect([await between, await read(v.value)]).toEqual([[1], [26]]);
});

test("a host tensor that two devices use at once leaves one buffer at most", async () => {
  const other = interpreter();
  const [a, b] = [compile((x: Tensor) => x.sum()), compile((x: Tensor) => x.sum(), { backend: other })];
  const x = tensor(new Float32Array(50_000).fill(1));
  for (let i = 0; i < 4; i++) {
    const results = await Promise.all([a(x), b(x), a(x), b(x)]);
    expect(await Promise.all(results.map((r) => r.item()))).toEqual([50_000, 50_000, 50_000, 50_000]);
  }
  const held = memory().devices.reduce((n, d) => n + d.liveBytes, 0);
  x.dispose();
  expect(held - memory().devices.reduce((n, d) => n + d.liveBytes, 0)).toBeLessThanOrEqual(200_000);
});

test("disposing takes nothing from a call that was made, from what was recorded, or from a Variable", async () => {
  const f = compile((x: Tensor) => x.add(1));
  const a = tensor([1]);
  const call = f(a);
  const reading = a.data();
  const recorded = a.mul(10);
  const v = variable(a);
  a.dispose();
  expect(await read(await call)).toEqual([2]);
  expect(Array.from(await reading)).toEqual([1]);
  expect(await read(recorded)).toEqual([10]);
  expect(await read(v.value)).toEqual([1]);
  await expect(a.data()).rejects.toThrow("E406");
  await expect(f(a)).rejects.toThrow("E406");
  const w = v.value;
  w.dispose();
  expect(await read(v.value)).toEqual([1]);
  await compile(() => v.assign(v.value.add(1)) && null)();
  expect(await read(v.value)).toEqual([2]);
});

test("a value that is assigned, read and disposed of stays the Variable's", async () => {
  const v = variable([1, 2]);
  const x = v.value.mul(3);
  v.assign(x);
  await x.data();
  x.dispose();
  expect(await read(v.value)).toEqual([3, 6]);
});

test("one tensor that cannot be computed takes no other with it", async () => {
  const bad = tensor(BigInt64Array.of(1n)).add(tensor(BigInt64Array.of(2n)));
  let good = tensor([0]);
  for (let i = 0; i < 1500; i++) good = good.add(1);
  expect(await read(good)).toEqual([1500]);
  await expect(bad.data()).rejects.toThrow("E511");
});

test("a backend that fails to open leaves Variables and tensors as they were, for another one", async () => {
  const v = variable([1, 2]);
  const constant = variable(zeros([2]));
  const lazy = tensor([1, 1]).add(1);
  const f = (x: Tensor): Tensor => {
    v.assign(v.value.add(x).add(constant.value).add(lazy));
    return v.value;
  };
  const failing = compile(f, { backend: broken });
  await expect(failing(tensor([1, 1]))).rejects.toThrow("no device");
  expect(await read(v.value)).toEqual([1, 2]);
  expect(await read(await compile(f)(tensor([1, 1])))).toEqual([4, 5]);
  await expect(failing(tensor([1, 1]))).rejects.toThrow("no device");
  expect(await read(await compile(f)(tensor([1, 1])))).toEqual([7, 8]);
  expect(await read(constant.value)).toEqual([0, 0]);
});

test("Variables that are given one tensor that is not computed yet each get its value", async () => {
  const x = tensor([1]).add(1);
  const [a, b] = [variable(x), variable(x)];
  expect(await read(await compile(() => a.value.add(b.value))())).toEqual([4]);
  const c = variable([0]);
  c.assign(c.value.add(5));
  const d = variable([0]);
  d.assign(c.value);
  const step = compile(() => {
    c.assign(c.value.add(1));
    return c.value.sub(d.value);
  });
  await step();
  expect(await read(await step())).toEqual([2]);
});

test("a queued read on one device neither loses nor keeps what a step on another writes", async () => {
  const other = interpreter();
  const x = tensor([7]);
  const p = x.add(1).data();
  const v = variable(x);
  const step = compile(
    () => {
      v.assign(v.value.mul(2));
      return v.value;
    },
    { backend: other },
  );
  expect(await read(await step())).toEqual([14]);
  expect(await read(v.value)).toEqual([14]);
  expect(Array.from(await p)).toEqual([8]);
});

test("a call on a slow device reads Variables as they were when it was made", async () => {
  const slow: BackendFactory = {
    ...interpreter(),
    create: async (options) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return interpreter().create(options);
    },
  };
  const v = variable([7]);
  const p = compile(() => v.value.add(1), { backend: slow })();
  await compile(() => {
    v.assign(v.value.mul(2));
  })();
  expect(await read(await p)).toEqual([8]);
  expect(await read(v.value)).toEqual([14]);
});

test("a failing device in the midst of others' calls loses nothing", async () => {
  const v = variable([1]);
  const body = (): Tensor => {
    v.assign(v.value.add(1));
    return v.value;
  };
  const [good, bad] = [compile(body), compile(body, { backend: broken })];
  await good();
  const [failed, worked] = await Promise.allSettled([bad(), good()]);
  expect([failed.status, worked.status]).toEqual(["rejected", "fulfilled"]);
  expect(await read(v.value)).toEqual([3]);
  await Promise.allSettled([compile(() => v.value.add(1), { backend: broken })(), good()]);
  expect(await read(v.value)).toEqual([4]);
  const x = tensor([1]).add(1);
  const [a, b] = [variable(x), variable(x)];
  await expect(compile(() => a.value.add(b.value), { backend: broken })()).rejects.toThrow("no device");
  expect([await read(a.value), await read(b.value)]).toEqual([[2], [2]]);
});

test("what was recorded with a tensor outlives its disposal, also when a flush came between", async () => {
  const x = tensor([1]);
  const a = x.add(1);
  const b = a.add(1);
  const keep = Array.from({ length: 1005 }, (_, i) => tensor(i).add(1));
  x.dispose();
  expect([await read(b), await read(a), await read(keep[7]!)]).toEqual([[3], [2], [8]]);
});

test("a shape that is used often stays compiled, however many others come by", async () => {
  let traces = 0;
  const f = compile((x: Tensor) => {
    traces++;
    return x.sum();
  });
  for (let n = 2; n < 72; n++) {
    await f(tensor([1]));
    await f(zeros([n]));
  }
  expect(traces).toBe(71);
});

test("graphs that differ only in which leaf stands where are compiled once each", async () => {
  await setBackend(interpreter()); // a device of its own: programs of other tests may be collected meanwhile
  const [x, y] = [tensor([2]), tensor([3])];
  const programs = (): number => memory().devices.at(-1)!.cachedPrograms;
  const round = async (): Promise<number[]> => [
    await x.mul(x).item(),
    await x.mul(y).item(),
    await x.mul(y).add(x).item(),
    await x.mul(y).add(y).item(),
  ];
  expect(await round()).toEqual([4, 6, 8, 9]);
  const before = programs();
  for (let i = 0; i < 20; i++) expect(await round()).toEqual([4, 6, 8, 9]);
  expect(programs()).toBe(before);
  await setBackend("interpreter");
});

test("a Variable is made of a tensor, with known options", () => {
  expect(() => variable([1], { nam: "w" } as never)).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E801 variable: unknown option nam.
      fix: did you mean name?]
  `);
  expect(() => new Variable([1] as never)).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 assign: the value of variable is [1], which is no tensor.
      fix: make a tensor of it with tensor(…).]
  `);
  const v = variable([1], { name: "w" });
  expect(() => v.assign(v as never)).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 assign: the value of w is a Variable, which is no tensor.
      fix: use its value, as in v.value.]
  `);
});
