import "@tenon/interpreter";
import { moduleFromBinary, moduleToBinary } from "@tenon/ir/binary";
import {
  type Context,
  compile,
  inference,
  key,
  keySpec,
  loadStep,
  matmul,
  readContainer,
  setBackend,
  spec,
  type Tensor,
  tensor,
  training,
  trainingSpec,
  valueAndGrad,
  variable,
  writeContainer,
  zeros,
} from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

const read = async (x: Tensor): Promise<number[]> => Array.from(await x.data());

function regression() {
  const w = variable(zeros([3, 1]), { name: "w" });
  const velocity = variable(zeros([3, 1]), { name: "w.velocity", role: "slot" });
  const offset = variable([0.5], { name: "offset", trainable: false });
  const scale = tensor([2]);
  const step = compile(
    ({ x, y }: { x: Tensor; y: Tensor }) => {
      const [loss, g] = valueAndGrad(() => matmul(x, w.value).add(offset.value).sub(y).mul(scale).square().mean(), w);
      velocity.assign(velocity.value.mul(0.9).add(g));
      w.assign(w.value.sub(velocity.value.mul(0.01)));
      return { loss };
    },
    { inputs: [{ x: spec(["B", 3]), y: spec(["B", 1]) }], name: "train_step" },
  );
  return { step, w, velocity };
}

const batch = (i: number) => ({
  x: tensor([
    [i, 1, 2],
    [3, i, 4],
  ]),
  y: tensor([[i], [1]]),
});

test("a loaded step goes on with the same losses, bit for bit, and may be saved again", async () => {
  const { step } = regression();
  for (let i = 0; i < 5; i++) await step(batch(i));
  const bytes = await step.save();
  const loaded = await loadStep(bytes, { backend: "interpreter" });
  expect(await loaded.save()).toEqual(bytes);
  for (let i = 5; i < 10; i++) {
    const [a, b] = [await step(batch(i)), await loaded(batch(i))];
    expect(await read(b.loss)).toEqual(await read(a.loss));
  }
  expect(loaded.variables.map((v) => [v.name, v.role, v.trainable])).toEqual(
    step.variables.map((v) => [v.name, v.role, v.trainable]),
  );
  expect(await read(loaded.variables[0]!.value)).toEqual(await read(step.variables[0]!.value));
});

test("save takes all Variables as of one moment, whatever is called meanwhile", async () => {
  const { step } = regression();
  await step(batch(1));
  const saving = step.save();
  const running = step(batch(2));
  const [bytes] = await Promise.all([saving, running]);
  const again = regression();
  await again.step(batch(1));
  expect(bytes).toEqual(await again.step.save());
});

test("a function that was not called can be saved when its types are declared, and says so when they are not", async () => {
  expect((await regression().step.save()).length).toBeGreaterThan(0);
  await expect(compile((x: Tensor) => x).save()).rejects.toThrowErrorMatchingInlineSnapshot(`
    [StateError E416 save: the function has not been traced, so there is no program to save.
      fix: call it once, or give compile the types of its arguments with inputs.]
  `);
});

test("contexts are part of a saved step", async () => {
  const step = compile((x: Tensor, ctx: Context) => x.add(ctx.nextKey("layer").cast("float32").sum()));
  const ctx = training(key(3));
  const before = await read(await step(tensor([1]), ctx));
  const loaded = await loadStep(await step.save());
  expect(await read(await loaded(tensor([1]), training(key(3))))).toEqual(before);
});

test("a loaded step refuses arguments that the saved one would have refused", async () => {
  const loaded = await loadStep(await regression().step.save());
  await expect(loaded(tensor([1]))).rejects.toThrowErrorMatchingInlineSnapshot(`
    [StructureError E741 compile: the tree has a leaf (Tensor) where a record {x, y} is wanted.
      at: arg0
      fix: give the same lists, keys and places of null; only leaves may differ.]
  `);
  await expect(loaded({ x: tensor([[1, 2]]), y: tensor([[1]]) })).rejects.toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E521 compile: arg0.x is float32 [1, 2], but float32 [B, 3] was declared.
      fix: cast or reshape the argument, or change inputs.]
  `);
});

test("a loaded step finds its arguments by key, and refuses another structure or kind of context", async () => {
  const step = compile(({ a, b }: { a: Tensor; b: Tensor }, ctx: Context) => (ctx.isTraining ? a.sub(b) : b), {
    inputs: [{ a: spec([1]), b: spec([1]) }, trainingSpec],
  });
  const loaded = await loadStep(await step.save());
  const [a, b, ctx] = [tensor([5]), tensor([3]), training(key(0))];
  expect(await read(await loaded({ b, a }, ctx))).toEqual([2]);
  await expect(loaded({ x: a, y: b }, ctx)).rejects.toThrow("E741 compile");
  await expect(loaded([a, b], ctx)).rejects.toThrow("a list of 2 where a record {a, b} is wanted");
  await expect(loaded({ a, b }, inference)).rejects.toThrow("arg1 is an inference context, but a training context was");
  await expect(loaded({ a, b })).rejects.toThrow("E524 compile: 1 argument is given, 2 declared");
  const keyed = await loadStep(await compile((key: Tensor) => key, { inputs: [keySpec] }).save());
  await expect(keyed(ctx)).rejects.toThrow("arg0 is a training context, but a tensor was declared");
});

test("Variables are saved under the names that they have then", async () => {
  const v = variable([1]);
  const [w, u] = [variable([2]), variable([3], { name: "captured_0" })];
  const outside = tensor([10]);
  const step = compile(() => {
    v.assign(v.value.add(w.value).add(u.value).add(outside));
    return v.value;
  });
  await step();
  const namesOf = async (): Promise<(string | undefined)[]> => {
    const loaded = await loadStep(await step.save());
    expect(await read(await loaded())).toEqual([31]);
    return loaded.variables.map(({ name }) => name);
  };
  expect(await namesOf()).toEqual(["parameter_0", "parameter_1", "captured_0"]);
  v.name = "weight";
  expect(await namesOf()).toEqual(["weight", "parameter_0", "captured_0"]);
  const sections = await readContainer(await step.save());
  const { tables } = moduleFromBinary(sections.get("module")!);
  expect([...tables.names.get("step")!.values()]).toEqual(["weight", "parameter_0", "captured_0"]);
  w.name = "weight";
  await expect(step.save()).rejects.toThrow("E415 compile: two Variables are called weight");
});

test("a damaged file is refused at every place", async () => {
  const { step } = regression();
  await step(batch(1));
  const bytes = await step.save();
  await expect(loadStep(bytes.subarray(0, 100))).rejects.toThrowErrorMatchingInlineSnapshot(`
    [FormatError E132 container: the bytes end too early.
      at: byte 100]
  `);
  await expect(loadStep(new TextEncoder().encode("no step at all"))).rejects.toThrowErrorMatchingInlineSnapshot(`
    [FormatError E140 container: the bytes do not begin with TNON.
      at: byte 0]
  `);
  for (let i = 0; i < bytes.length; i += 97) {
    const damaged = bytes.slice();
    damaged[i]! ^= 1 << (i % 8);
    await expect(loadStep(damaged), `byte ${i}`).rejects.toMatchObject({
      name: expect.stringMatching(/Format|Limit|Verification/),
    });
  }
});

test("a file whose sections disagree is refused", async () => {
  const { step } = regression();
  const sections = await readContainer(await step.save());
  const changed = (name: string, bytes: Uint8Array): Promise<unknown> =>
    loadStep(writeContainer(new Map([...sections, [name, bytes]])));
  const metadata = JSON.parse(new TextDecoder().decode(sections.get("metadata")!));
  const withMetadata = (change: object): Promise<unknown> =>
    changed("metadata", new TextEncoder().encode(JSON.stringify({ ...metadata, ...change })));
  await expect(withMetadata({ entry: "other" })).rejects.toThrowErrorMatchingInlineSnapshot(`
    [FormatError E183 tenon: module and metadata disagree: the module has no entry other.
      fix: get the file again from its source.]
  `);
  await expect(withMetadata({ variables: metadata.variables.slice(1) })).rejects.toThrowErrorMatchingInlineSnapshot(`
    [FormatError E183 tenon: module and metadata disagree: the entry has 6 inputs, the metadata describes 5.
      fix: get the file again from its source.]
  `);
  await expect(withMetadata({ format: 2 })).rejects.toThrowErrorMatchingInlineSnapshot(`
    [FormatError E181 tenon: the section metadata is malformed: format is 2, and this version reads 1.
      at: $.format
      fix: get the file again from its source.]
  `);
  await expect(
    changed("metadata", new TextEncoder().encode("[".repeat(100_000))),
  ).rejects.toThrowErrorMatchingInlineSnapshot(`
    [FormatError E181 tenon: the section metadata is malformed: it is nested deeper than 64.
      at: character 64
      fix: get the file again from its source.]
  `);
  await expect(
    changed("state.safetensors", sections.get("weights.safetensors")!),
  ).rejects.toThrowErrorMatchingInlineSnapshot(`
    [FormatError E183 tenon: module and metadata disagree: the stored tensor offset is missing where the module has float32 [1].
      fix: get the file again from its source.]
  `);
  await expect(
    loadStep(writeContainer(new Map([...sections].slice(0, 2)))),
  ).rejects.toThrowErrorMatchingInlineSnapshot(`
    [FormatError E182 tenon: the section state.safetensors is missing.
      sections: module, metadata
      fix: load a file that step.save() has written.]
  `);
});

test("the module of a file has no paths and names its weights by their digests", async () => {
  const { step } = regression();
  const sections = await readContainer(await step.save());
  const module = moduleFromBinary(sections.get("module")!);
  expect(module.weights.map(({ name, blob }) => [name, blob])).toEqual([
    ["offset", "state.safetensors"],
    ["captured_0", "weights.safetensors"],
  ]);
  expect(module.weights[0]!.sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(moduleToBinary(module)).toEqual(sections.get("module"));
});
