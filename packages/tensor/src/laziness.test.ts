import "@tenon/interpreter";
import { topologicalOrder } from "@tenon/ir";
import { compile, grad, memory, setBackend, type Tensor, tensor, trace, valueAndGrad, variable } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

const read = async (x: Tensor): Promise<number[]> => Array.from(await x.data());

test("what is computed outside the closure given to grad is a constant in it, read or not", async () => {
  const w = variable([3]);
  const outside = w.value.mul(2); // 6, and no function of w any more
  expect(await read(grad(() => outside.mul(w.value).sum(), w))).toEqual([6]);
  await outside.data();
  expect(await read(grad(() => outside.mul(w.value).sum(), w))).toEqual([6]);
  expect(await read(grad(() => w.value.mul(2).mul(w.value).sum(), w))).toEqual([12]);
});

test("an assignment outside compile is recorded, and computed when it is read", async () => {
  const v = variable([1]);
  await v.value.data();
  const before = memory().devices[0]!.cachedPrograms;
  for (let i = 0; i < 5; i++) v.assign(v.value.mul(3));
  expect(memory().devices[0]!.cachedPrograms).toBe(before);
  expect(await read(v.value)).toEqual([243]);
});

test("a step that could not run leaves its Variables as they were, and the next one runs", async () => {
  const v = variable([1]);
  const step = compile((x: Tensor) => {
    v.assign(v.value.add(x));
  });
  const gone = tensor([1]);
  gone.dispose();
  await expect(step(gone)).rejects.toThrow("the tensor was disposed");
  expect(await read(v.value)).toEqual([1]);
  await step(1);
  await expect(step(gone)).rejects.toThrow("the tensor was disposed");
  await step(1);
  expect(await read(v.value)).toEqual([3]);
});

test("what a traced function computes of arguments is recorded in the function, not run", () => {
  const before = memory();
  const { fn } = trace((x) => [x.mul(2)], [{ dtype: "float32", shape: [3] }]);
  expect(fn.results[0]!.inputs).toHaveLength(2);
  expect(memory().tensors).toBe(before.tensors);
});

test("value and gradients of a closure over lazy tensors are lazy themselves", async () => {
  const w = variable([1, 2]);
  const x = tensor([3, 4]).mul(10);
  const [loss, g] = valueAndGrad(() => w.value.mul(x).sum(), w);
  expect(loss.inputs.length).toBeGreaterThan(0);
  expect([await read(loss), await read(g)]).toEqual([[110], [30, 40]]);
});

test("a training loop that reads nothing is computed as it goes, so that the graph behind a Variable stays short", async () => {
  const w = variable([0.5, 1]);
  for (let step = 0; step < 100; step++) {
    const [, gradient] = valueAndGrad(() => {
      let y = w.value;
      for (let i = 0; i < 10; i++) y = y.mul(1.1).sin();
      return y.sum();
    }, w);
    w.assign(w.value.sub(gradient.mul(0.01)));
  }
  expect(topologicalOrder([w.value]).length).toBeLessThan(2000); // all of them are 10,000
  expect((await w.value.data()).every(Number.isFinite)).toBe(true);
});
