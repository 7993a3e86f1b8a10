import "@tenon/interpreter";
import {
  type Context,
  compile,
  foldIn,
  inference,
  key,
  keySpec,
  keys,
  matmul,
  setBackend,
  spec,
  type Tensor,
  tensor,
  training,
  valueAndGrad,
  variable,
  withScope,
  zeros,
} from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

const read = async (x: Tensor): Promise<number[]> => Array.from((await x.data()) as Float32Array);

test("one trace serves every size of a named axis, and a wrong size names it", async () => {
  let traces = 0;
  const f = compile(
    (x: Tensor, y: Tensor) => {
      traces++;
      return matmul(x, x.transpose()).sum().add(y.sum());
    },
    { inputs: [spec(["B", 2]), spec(["B"])] },
  );
  expect(await read(await f(tensor([[1, 2]]), tensor([1])))).toEqual([6]);
  expect(
    await read(
      await f(
        tensor([
          [1, 2],
          [3, 4],
        ]),
        tensor([1, 1]),
      ),
    ),
  ).toEqual([54]);
  expect(traces).toBe(1);
  await expect(f(tensor([[1, 2]]), tensor([1, 2]))).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ShapeError E521 step: B is 1 in axis 0 of arg0 but 2 in axis 0 of arg1.]`,
  );
  await expect(f(tensor([[1, 2, 3]]), tensor([1]))).rejects.toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E521 compile: arg0 is float32 [1, 3], but float32 [B, 2] was declared.
      fix: cast or reshape the argument, or change inputs.]
  `);
  await expect(f(tensor([[1, 2]], { dtype: "int32" }), tensor([1]))).rejects.toThrow("was declared");
});

test("without specs each new shape or dtype is traced", async () => {
  let traces = 0;
  const f = compile((x: Tensor) => {
    traces++;
    return x.add(1);
  });
  await f(tensor([1]));
  await f(tensor([2]));
  await f(tensor([1, 2]));
  await f(tensor([1], { dtype: "int32" }));
  expect(traces).toBe(3);
});

test("arguments and results are records and lists of tensors, numbers and typed arrays", async () => {
  const f = compile(({ a, b }: { a: Tensor; b: readonly Tensor[] }, scale: Tensor) => ({
    sum: a.add(b[0]!).mul(scale),
    parts: [a, b[0]!] as const,
    nothing: null,
  }));
  const y = await f({ a: tensor([1]), b: [Float32Array.of(2)] }, 3);
  expect([await read(y.sum), await read(y.parts[0]), await read(y.parts[1]), y.nothing]).toEqual([[9], [1], [2], null]);
});

test("a tensor from outside is a hidden argument and not a constant", async () => {
  const scale = tensor([2, 2]);
  const lazy = scale.add(1); // not computed when the function is traced
  const f = compile((x: Tensor) => x.mul(scale).add(lazy));
  expect(await read(await f(tensor([1, 2])))).toEqual([5, 7]);
  const module = f.trace(spec([2]));
  expect(module.functions[0]!.inputs).toHaveLength(3);
});

test("a context's kind is part of the key and its key an argument", async () => {
  let traces = 0;
  const f = compile((x: Tensor, ctx: Context) => {
    traces++;
    return ctx.isTraining ? x.add(foldIn(ctx.nextKey("layer"), 1).cast("float32").sum()) : x;
  });
  const [a, b] = [await f(tensor([0]), training(key(0))), await f(tensor([0]), training(key(1)))];
  expect(await read(a)).not.toEqual(await read(b));
  expect(await read(await f(tensor([0]), inference))).toEqual([0]);
  expect(traces).toBe(2);
});

test("a training context from outside is refused in a compiled function", async () => {
  const ctx = training(key(0));
  const f = compile((x: Tensor) => x.add(ctx.nextKey("dropout").cast("float32").sum()));
  await expect(f(tensor([1]))).rejects.toThrowErrorMatchingInlineSnapshot(`
    [StateError E411 context: a training context from outside is used in a compiled function, so that every call would draw the same numbers.
      fix: pass the context, or a key, as an argument of the function.]
  `);
});

test("a layer's keys depend on its path and on the number of the call", async () => {
  const ctx = training(key(0));
  const draw = (name: string): Tensor => withScope(name, () => ctx.nextKey());
  const found = await Promise.all([draw("a"), draw("b"), draw("a")].map(read));
  expect(new Set(found.map(String)).size).toBe(3);
  const again = training(key(0));
  expect(await read(withScope("a", () => again.nextKey()))).toEqual(found[0]);
});

test("keys make a sequence that a seed determines", async () => {
  const [a, b] = [keys(7), keys(7)];
  const first = await read(a.next());
  expect(await read(b.next())).toEqual(first);
  expect(await read(a.next())).not.toEqual(first);
  expect(keySpec).toEqual({ dtype: "uint32", shape: [2] });
  expect(() => key(-1)).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 key: seed is -1, which is no whole number from 0.
      fix: use a whole number such as 0.]
  `);
});

test("what cannot be compiled says why", async () => {
  await expect(
    compile((async (x: Tensor) => x) as never)(tensor([1]) as never),
  ).rejects.toThrowErrorMatchingInlineSnapshot(`
    [StateError E404 step: a compiled function returned a promise.
      fix: make it synchronous: values cannot be read while a function is traced.]
  `);
  await expect(compile((_x: Tensor) => "text" as never)(tensor([1]))).rejects.toThrow("returned string");
  await expect(compile((x: Tensor) => x)("text" as never)).rejects.toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 compile: arg0 is "text", which is no tensor.
      fix: pass tensors, numbers, typed arrays, contexts, or records and lists of them; close over Variables and settings.]
  `);
  expect(() => compile((x: Tensor) => x, { input: [] } as never)).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E801 compile: unknown option input.
      fix: did you mean inputs?]
  `);
  const inner = compile((x: Tensor) => x);
  const messages: string[] = [];
  await compile((x: Tensor) => {
    inner(x).catch((error: Error) => messages.push(error.message));
    return x;
  })(tensor([1]));
  expect(messages[0]).toContain("E414");
});

test("a tensor that escaped from a trace cannot be used in another", async () => {
  let leaked: Tensor | undefined;
  await compile((x: Tensor) => {
    leaked = x.add(1);
    return x;
  })(tensor([1]));
  await expect(compile((x: Tensor) => x.add(leaked!))(tensor([1]))).rejects.toThrowErrorMatchingInlineSnapshot(`
    [StateError E413 step: the function uses a tensor that belongs to another traced function.
      x: float32 [1]
      fix: return it from that function, and pass the result as an argument.]
  `);
  await expect(leaked!.data()).rejects.toThrow("E407");
});

test("names of layers and lines of the program are kept beside the module", async () => {
  const w = variable(zeros([1]), { name: "w" });
  const f = compile((x: Tensor) => withScope("net", () => withScope("dense", () => x.mul(w.value))), { sources: true });
  const { tables } = f.trace(spec([1]));
  expect([...tables.scopes.get("step")!.values()]).toEqual(["net.dense"]);
  expect([...tables.sources.get("step")!.values()][0]).toMatch(/^compile\.test\.ts:\d+$/);
  expect([...tables.names.get("step")!.values()]).toEqual(["arg0", "w"]);
});

test("the state of a training step stands in the module's manifest", () => {
  const w = variable(zeros([2]), { name: "w" });
  const count = variable(0, { name: "count", role: "slot", dtype: "int32" });
  const step = compile(
    (x: Tensor) => {
      const [loss, g] = valueAndGrad(() => x.mul(w.value).sum(), w);
      w.assign(w.value.sub(g));
      count.assign(count.value.add(1));
      return loss;
    },
    { inputs: [spec(["B", 2])], name: "train_step" },
  );
  const { state, functions } = step.trace();
  expect(state.map(({ name, role, input, output }) => ({ name, role, input, output }))).toEqual([
    { name: "w", role: "parameter", input: 1, output: 1 },
    { name: "count", role: "slot", input: 2, output: 2 },
  ]);
  expect(functions.at(-1)!.inputs.map((i) => i.alias)).toEqual([undefined, 1, 2]);
});

test("precision sets how matrix products are computed", () => {
  const f = compile((x: Tensor) => matmul(x, x), { precision: "tf32" });
  const rows = f.trace(spec([2, 2])).functions[0]!.ops;
  expect(rows.find((row) => row.op === "dot")!.attrs.mul).toBe("tf32");
});
