import "@tenon/interpreter";
import { compile, flush, memory, type Node, setBackend, spec, type Tensor, tensor } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

test("a computed tensor is a leaf: the graph behind it is gone", async () => {
  const x = tensor([1, 2, 3]);
  const y = x.mul(2).add(1);
  expect(y.inputs).toHaveLength(2);
  expect(Array.from(await y.data())).toEqual([3, 5, 7]);
  expect(y.inputs).toHaveLength(0);
  expect(Array.from(await y.add(x).data())).toEqual([4, 7, 10]);
});

test("a failure is told to whoever reads, and to whoever reads what depends on it", async () => {
  const bad = tensor(BigInt64Array.of(1n)).add(tensor(BigInt64Array.of(1n)));
  await expect(bad.data()).rejects.toThrow("int64");
  await expect(bad.add(1).data()).rejects.toThrow("int64");
  expect(Array.from(await tensor([1]).add(1).data())).toEqual([2]);
});

test("a long recording is computed piece by piece", async () => {
  let x = tensor([0]);
  for (let i = 0; i < 5000; i++) x = x.add(1);
  let nodes = 0;
  for (const seen = new Set<Node>([x.node]); ; nodes++) {
    const [node] = seen;
    if (node === undefined || node.inputs.length === 0) break;
    seen.delete(node);
    for (const t of node.inputs) if (t.node.inputs.length > 0) seen.add(t.node);
  }
  expect(nodes).toBeLessThan(1500);
  expect(await x.item()).toBe(5000);
});

test("the same graph on other values is compiled once", async () => {
  const programs = (): number => memory().devices[0]!.cachedPrograms;
  const f = (x: Tensor): Tensor => x.mul(3).sub(x.sqrt());
  await f(tensor([1, 4])).data();
  const before = programs();
  for (let i = 0; i < 20; i++) await f(tensor([i, i + 1])).data();
  expect(programs()).toBe(before);
});

test("a tensor that is disposed of says so when it is used, and only then", async () => {
  const x = tensor([1, 2]);
  x.dispose();
  x.dispose();
  await expect(x.data()).rejects.toThrowErrorMatchingInlineSnapshot(`
    [StateError E406 data: the tensor was disposed.
      x: float32 [2]
      fix: use it before dispose(), or leave freeing to the library.]
  `);
  await expect(x.add(1).data()).rejects.toThrow("the tensor was disposed");
});

test("values cannot be read while a function is traced", async () => {
  const f = compile((x: Tensor) => {
    void x.data().catch((error: Error) => messages.push(error.message));
    return x;
  });
  const messages: string[] = [];
  await f(tensor([1]));
  await new Promise((resolve) => setTimeout(resolve));
  expect(messages).toMatchInlineSnapshot(`
    [
      "E407 data: values cannot be read while a function is traced.
      x: float32 [1]
      fix: return the tensor from the function, and read the result of the call.",
    ]
  `);
});

test("a flush computes what was recorded, and passes over what belongs to functions with named sizes", async () => {
  const mean = compile((x: Tensor) => x.mean(), { inputs: [spec(["B"])] });
  expect(await (await mean(tensor([1, 3]))).item()).toBe(2);
  const y = tensor([1, 2]).add(1);
  flush();
  expect(y.inputs).toHaveLength(0);
  expect(Array.from(await y.data())).toEqual([2, 3]);
});

test("nothing is flushed while a function is traced", async () => {
  const outside = tensor([1]).add(1);
  const f = compile(() => {
    flush();
    return outside.mul(outside.inputs.length);
  });
  expect(await (await f()).item()).toBe(4);
});
