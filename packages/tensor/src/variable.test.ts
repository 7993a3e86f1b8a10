import "@tenon/interpreter";
import {
  compile,
  type constant,
  nameVariables,
  ones,
  setBackend,
  tensor,
  Variable,
  valueAndGrad,
  variable,
  variables,
  zeros,
} from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

const read = async (x: { data(): Promise<unknown> }): Promise<number[]> => Array.from((await x.data()) as Float32Array);

test("a Variable keeps its type: another shape or dtype is refused with both", () => {
  const v = variable(zeros([2, 3]), { name: "weight" });
  expect(() => v.assign(zeros([3, 2]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E202 assign: weight is float32 [2, 3] but the value is float32 [3, 2].
      variable: float32 [2, 3]
      value: float32 [3, 2]
      fix: cast or reshape the value.]
  `);
  expect(() => v.assign(zeros([2, 3], "int32"))).toThrow(
    "ShapeError E202 assign: weight is float32 [2, 3] but the value is int32 [2, 3]".slice(11),
  );
});

test("an assignment in a compiled function is seen by the next read in it, and outside after the call", async () => {
  const v = variable([1, 2]);
  const step = compile(() => {
    v.assign(v.value.mul(10));
    return v.value.add(1);
  });
  expect(await read((await step()) as never)).toEqual([11, 21]);
  expect(await read(v.value)).toEqual([10, 20]);
});

test("a value that was read before a step keeps its numbers when the step overwrites the Variable", async () => {
  const v = variable([1, 2, 3]);
  const step = compile(() => {
    v.assign(v.value.add(1));
  });
  await step();
  const before = v.value;
  const lazy = v.value.mul(2); // recorded, not computed
  await step();
  await step();
  expect(await read(before)).toEqual([2, 3, 4]);
  expect(await read(lazy)).toEqual([4, 6, 8]);
  expect(await read(v.value)).toEqual([4, 5, 6]);
});

test("two Variables that were given the same value do not share it afterwards", async () => {
  const a = variable([1, 1]);
  const b = variable(zeros([2]));
  b.assign(a.value);
  const step = compile(() => {
    a.assign(a.value.add(5));
  });
  await step();
  await step();
  expect(await read(b.value)).toEqual([1, 1]);
  expect(await read(a.value)).toEqual([11, 11]);
});

test("Variables that exchange their values in a step do exchange them", async () => {
  const [a, b] = [variable([1]), variable([2])];
  const swap = compile(() => {
    const old = a.value;
    a.assign(b.value);
    b.assign(old);
  });
  await swap();
  expect([await read(a.value), await read(b.value)]).toEqual([[2], [1]]);
});

test("a Variable that is passed as an argument and overwritten by the same call is read as it was", async () => {
  const v = variable([1, 2]);
  const step = compile((x: ReturnType<typeof constant>) => {
    v.assign(v.value.mul(3));
    return x.add(100);
  });
  expect(await read(await step(v.value))).toEqual([101, 102]);
  expect(await read(await step(v.value))).toEqual([103, 106]);
});

test("calls take effect in the order in which they are made, awaited or not", async () => {
  const v = variable([0]);
  const add = compile((x: ReturnType<typeof constant>) => {
    v.assign(v.value.mul(2).add(x));
    return v.value;
  });
  const results = [1, 2, 3, 4].map((x) => add(x));
  const last = v.value;
  expect(await read(last)).toEqual([26]);
  expect(await Promise.all(results.map(async (r) => (await (await r).data())[0]))).toEqual([1, 4, 11, 26]);
});

test("a changed trainable flag is traced anew, and the old program is found again", async () => {
  const [w, b] = [variable([2]), variable([1])];
  let traces = 0;
  const step = compile(() => {
    traces++;
    const [loss] = valueAndGrad(() => w.value.mul(3).add(b.value).sum(), { w, b });
    return loss;
  });
  await step();
  b.trainable = false;
  await step();
  b.trainable = true;
  await step();
  expect(traces).toBe(2);
  expect(step.variables).toEqual([w, b]);
});

test("Variables are named by their path, and an object may show its own", () => {
  const net = { layers: [{ weight: variable(ones([1])) }, { weight: variable(ones([1]), { name: "kept" }) }] };
  nameVariables({ [variables]: () => net }, "net");
  expect(net.layers.map((l) => l.weight.name)).toEqual(["net.layers.0.weight", "kept"]);
});

test("what is no Variable in a tree is named with its path", () => {
  expect(() => valueAndGrad(() => zeros([]), { w: variable([1]), b: tensor([1]) })).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 variables: b is a tensor, which is no Variable.
      fix: pass a Variable, a tree of Variables, or an object with the method [variables]().]
  `);
});

test("a Variable is made of numbers, of typed arrays and of tensors, in a dtype of choice", async () => {
  expect([
    variable(3, { dtype: "int32" }).dtype,
    variable(Uint8Array.of(1)).dtype,
    variable(zeros([1]), { dtype: "float16" }).dtype,
  ]).toEqual(["int32", "uint8", "float16"]);
  expect(new Variable(zeros([2])).trainable && !new Variable(zeros([2]), { role: "slot" }).trainable).toBe(true);
});
