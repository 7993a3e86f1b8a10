import "@tenon/interpreter";
import {
  attention,
  type Context,
  compile,
  conv,
  foldIn,
  grad,
  inference,
  inferenceSpec,
  key,
  keySpec,
  keys,
  matmul,
  ones,
  scan,
  setBackend,
  spec,
  type Tensor,
  tensor,
  training,
  trainingSpec,
  type Variable,
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
  await expect(compile((_x: Tensor) => "text" as never)(tensor([1]))).rejects.toThrow(
    `returned "text", which is no tensor`,
  );
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

test.each([
  ["float32", "same"],
  ["tf32", "tf32"],
  ["bfloat16", "bf16"],
] as const)("with precision %s factors of all products are rounded so, those of gradients too", (precision, mul) => {
  const w = variable(ones([3, 3, 2, 4]));
  const step = compile(
    (x: Tensor) => {
      const [loss, dw] = valueAndGrad(
        () =>
          matmul(conv(x, w.value).reshape([8, 4]), x.reshape([4, 12]))
            .square()
            .sum(),
        w,
      );
      w.assign(w.value.sub(dw));
      return [loss, attention(x, x, x)];
    },
    { precision },
  );
  const rows = step.trace(spec([1, 6, 4, 2])).functions[0]!.ops.filter(({ attrs }) => "mul" in attrs);
  expect(new Set(rows.map(({ op }) => op))).toEqual(new Set(["dot", "nn.conv", "nn.attention"]));
  expect(rows.length).toBeGreaterThan(4);
  expect(new Set(rows.map(({ attrs }) => attrs.mul))).toEqual(new Set([mul]));
});

test("a Variable that is returned is its value when the function ends, and one that is only returned is read too", async () => {
  const v = variable([1], { name: "v" });
  const step = compile(() => {
    v.assign(v.value.add(1));
    return { v, t: v.value };
  });
  await step();
  const { v: after, t } = await step();
  expect([await read(after), await read(t)]).toEqual([[3], [3]]);
  const peek = compile(() => v);
  await peek();
  v.assign(tensor([9]));
  expect(await read(await peek())).toEqual([9]);
  expect(peek.variables).toEqual([v]);
});

test("declared arguments are found by key, and another structure is refused", async () => {
  const f = compile(({ a, b }: { a: Tensor; b: Tensor }) => a.sub(b.sum()), {
    inputs: [{ a: spec([1]), b: spec([2]) }],
  });
  expect(await read(await f({ b: tensor([3, 1]), a: tensor([5]) }))).toEqual([1]);
  await expect(f({ b: tensor([3]), a: tensor([5]) })).rejects.toThrow("arg0.b is float32 [1], but float32 [2]");
  await expect(f({ a: tensor([5]), c: tensor([3, 1]) } as never)).rejects.toThrowErrorMatchingInlineSnapshot(`
    [StructureError E741 compile: the tree has a record {a, c} where a record {a, b} is wanted.
      at: arg0
      fix: give the same lists, keys and places of null; only leaves may differ.]
  `);
});

test("contexts among declared arguments: a trace builds them, and a call with another kind is refused", async () => {
  const seen: boolean[] = [];
  const fn = (x: Tensor, ctx: Context): Tensor => {
    seen.push(ctx.isTraining);
    return ctx.isTraining ? x.add(ctx.nextKey("layer").cast("float32").sum()) : x;
  };
  const train = compile(fn, { inputs: [spec([1]), trainingSpec] });
  const test = compile(fn, { inputs: [spec([1]), inferenceSpec] });
  expect([train.trace().functions.at(-1)!.inputs.length, test.trace().functions.at(-1)!.inputs.length]).toEqual([2, 1]);
  await train.save();
  expect(await read(await test(tensor([4]), inference))).toEqual([4]);
  await train(tensor([4]), training(key(0)));
  expect(seen).toEqual([true, false]);
  await expect(train(tensor([4]), inference)).rejects.toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E521 compile: arg1 is an inference context, but a training context was declared.
      fix: pass what inputs describes.]
  `);
  await expect(train(tensor([4]), key(0) as never)).rejects.toThrow("arg1 is a tensor, but a training context was");
  const keyed = compile(fn, { inputs: [spec([1]), keySpec] });
  await keyed(tensor([4]), training(key(0)));
  await expect(keyed(tensor([4]), inference)).rejects.toThrow(
    "arg1 is an inference context, but a tensor was declared",
  );
});

test("a number takes the dtype that was declared, where it has that value", async () => {
  const f = compile((n: Tensor, on: Tensor) => n.add(1).mul(on), { inputs: [spec([], "int32"), spec([], "float16")] });
  const y = await f(5, true);
  expect([y.dtype, await read(y)]).toEqual(["float16", [6]]);
  await expect(f(2.5, 1)).rejects.toThrow("E201 tensor: 2.5 at position 0 is not representable in int32");
  await expect(f(tensor(5), 1)).rejects.toThrow("arg0 is float32 [], but int32 [] was declared");
});

test("an asynchronous function is refused once: the promise that it made fails unheard", async () => {
  const unheard: unknown[] = [];
  const listen = (error: unknown): void => {
    unheard.push(error);
  };
  process.on("unhandledRejection", listen);
  const fn = async (x: Tensor): Promise<Tensor> => {
    await x.data();
    return x;
  };
  await expect(compile(fn as never)(tensor([1]) as never)).rejects.toThrow("E404");
  const v = variable(1);
  expect(() => valueAndGrad(() => fn(v.value) as never, v)).toThrow("the loss is a promise");
  expect(() => scan((c: Tensor) => fn(c) as never, tensor(1), tensor([1]))).toThrow("the body returns a promise");
  expect(() => grad((x: Tensor) => fn(x) as never)(tensor(1))).toThrow("E404");
  await new Promise((resolve) => setTimeout(resolve, 5));
  process.off("unhandledRejection", listen);
  expect(unheard).toEqual([]);
});

test("Variables without names stay so: one function's automatic names do not meet another's", async () => {
  const [a, b] = [variable([1]), variable([2])];
  const names = (module: { state: readonly { name: string }[] }): string[] => module.state.map(({ name }) => name);
  const assign = (...all: Variable[]): void => {
    for (const v of all) v.assign(v.value.add(1));
  };
  expect(names(compile(() => assign(a)).trace())).toEqual(["parameter_0"]);
  expect(names(compile(() => assign(b)).trace())).toEqual(["parameter_0"]);
  const both = compile(() => assign(b, a));
  expect(names(both.trace())).toEqual(["parameter_0", "parameter_1"]);
  expect([a.name, b.name]).toEqual([undefined, undefined]);
  await both();
  expect([await read(a.value), await read(b.value)]).toEqual([[2], [3]]);
  const taken = variable([1], { name: "parameter_0" });
  expect(names(compile(() => assign(a, taken)).trace())).toEqual(["parameter_1", "parameter_0"]);
  const twins = [variable(1, { name: "w" }), variable(1, { name: "w" })];
  expect(() => compile(() => assign(...twins)).trace()).toThrow("E415 compile: two Variables are called w");
});
