import "@tenon/interpreter";
import { compile, memory, setBackend, type Tensor, tensor } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

const programs = (): number => memory().devices.find(({ id }) => id === "interpreter")!.cachedPrograms;

test("graphs that are run outside compile leave at most 256 programs behind", async () => {
  const before = programs();
  for (let n = 1; n <= 300; n++) await tensor(new Float32Array(n)).add(1).data();
  await new Promise((resolve) => setTimeout(resolve)); // programs that were dropped are disposed of
  expect(programs() - before).toBeLessThanOrEqual(256);
  expect(Array.from(await tensor([1]).add(1).data())).toEqual([2]);
});

test("a compiled function keeps the programs of its last 64 combinations of types, and gives the others back", async () => {
  let traces = 0;
  const f = compile((x: Tensor) => {
    traces++;
    return x.add(1);
  });
  const before = programs();
  for (let n = 1; n <= 80; n++) await f(new Float32Array(n));
  expect(traces).toBe(80);
  await f(new Float32Array(80));
  expect(traces).toBe(80);
  await f(new Float32Array(1));
  expect(traces).toBe(81);
  await new Promise((resolve) => setTimeout(resolve));
  expect(programs() - before).toBeLessThanOrEqual(64);
});

test("graphs that are issued together all run, however many programs they leave", async () => {
  const results = Array.from({ length: 300 }, (_, n) =>
    tensor(new Float32Array(n + 1))
      .sub(2)
      .data(),
  );
  expect((await Promise.all(results)).map((x) => x.length)).toEqual(results.map((_, n) => n + 1));
});

test("a compiled function that is dropped gives its programs back", async () => {
  if (globalThis.gc === undefined) (await import("node:v8")).setFlagsFromString("--expose-gc");
  const collect = globalThis.gc ?? ((await import("node:vm")).runInNewContext("gc") as () => void);
  const before = programs();
  for (let i = 0; i < 20; i++) await compile((x: Tensor) => x.mul(i))(3);
  for (let round = 0; round < 50 && programs() > before + 2; round++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(programs()).toBeLessThanOrEqual(before + 2);
});
