import "@tenon/interpreter";
import { compile, memory, setBackend, type Tensor, tensor, variable, zeros } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

const read = async (x: Tensor): Promise<number[]> => Array.from(await x.data());
const liveBytes = (): number => memory().devices.find(({ id }) => id === "interpreter")!.liveBytes;

test("a Variable's buffer is its own: neither the tensor it was made of nor another Variable sees a step's changes", async () => {
  const initial = tensor([1, 2]);
  const [a, b] = [variable(initial), variable(initial)];
  const step = compile(() => {
    a.assign(a.value.mul(10));
  });
  await step();
  await step();
  expect(await read(a.value)).toEqual([100, 200]);
  expect([await read(b.value), await read(initial)]).toEqual([
    [1, 2],
    [1, 2],
  ]);
});

test("only a step that finds an earlier value alive copies: without one it writes in place", async () => {
  const bytes = 4 * 20_000; // too many to be kept on the host
  const v = variable(zeros([20_000]));
  const step = compile(() => {
    v.assign(v.value.add(1));
  });
  await step();
  const alone = liveBytes();
  await step();
  expect(liveBytes()).toBe(alone);
  const before = v.value;
  await step();
  expect(liveBytes()).toBe(alone + bytes);
  expect((await before.data())[0]).toBe(2);
});

test("a value that is assigned frees the one before it, with no garbage collection", async () => {
  const v = variable(zeros([20_000]));
  const step = compile(() => {
    v.assign(v.value.add(1));
  });
  await step();
  const held = memory().tensors;
  const before = liveBytes();
  v.assign(zeros([20_000]));
  expect([memory().tensors, liveBytes()]).toEqual([held - 1, before - 80_000]);
});

test("using frees a tensor at the end of its block", async () => {
  const held = memory();
  {
    using x = tensor(new Float32Array(20_000)).add(1);
    await x.data();
    expect(memory().deviceBytes - held.deviceBytes).toBe(80_000);
  }
  expect(memory().deviceBytes).toBe(held.deviceBytes);
});

test("after 64 MiB of results a read yields a macrotask, so that finalisers run", async () => {
  const large = tensor(new Float32Array(2 ** 22)); // 16 MiB
  for (let i = 0; i < 5; i++) await large.data(); // empties the count
  let turns = 0;
  setImmediate(() => turns++);
  for (let i = 0; i < 4; i++) await large.data();
  expect(turns).toBe(1);
});

test("a tensor that no one disposed of can be read again after its memory was moved, stepped over and collected around", async () => {
  if (globalThis.gc === undefined) (await import("node:v8")).setFlagsFromString("--expose-gc");
  const collect = globalThis.gc ?? ((await import("node:vm")).runInNewContext("gc") as () => void);
  const v = variable(zeros([20_000]));
  const step = compile((x: Tensor) => {
    v.assign(v.value.add(x));
    return v.value.mul(2);
  });
  const kept: Tensor[] = [];
  for (let i = 1; i <= 5; i++) {
    kept.push(await step(1), v.value);
    collect();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  for (let round = 0; round < 2; round++) {
    expect(await Promise.all(kept.map(async (t) => (await t.data())[19_999]))).toEqual([2, 1, 4, 2, 6, 3, 8, 4, 10, 5]);
  }
});
