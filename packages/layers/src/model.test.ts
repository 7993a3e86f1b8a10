import "@tenon/interpreter";
import {
  dense,
  dropout,
  embedding,
  gru,
  input,
  Layer,
  layerNorm,
  lstm,
  model,
  sequential,
  summary,
} from "@tenon/layers";
import {
  type Context,
  compile,
  concat,
  key,
  setBackend,
  spec,
  type Tensor,
  tensor,
  training,
  variables,
  zeros,
} from "@tenon/tensor";
import { treePaths } from "@tenon/tree";
import { beforeAll, describe, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

class Sum extends Layer<readonly Tensor[]> {
  override forward([first, ...rest]: readonly Tensor[]): Tensor {
    return rest.reduce((sum, x) => sum.add(x), first!);
  }
}

class Split extends Layer<Tensor, { readonly low: Tensor; readonly high: Tensor }> {
  override forward(x: Tensor) {
    const half = Number(x.shape[1]) / 2;
    return { low: x.sliceAxis(1, 0, half), high: x.sliceAxis(1, half) };
  }
}

const pathsOf = (layer: Layer<any, any>): string[] => treePaths(layer[variables]());

test("nodes have types before anything is built", () => {
  const x = input([6]);
  expect(String(x.shape)).toBe("B,6");
  const { low, high } = new Split().on(x);
  const y = new Sum().on([dense(4).on(low), dense(4).on(high)]);
  expect([y.dtype, String(y.shape)]).toEqual(["float32", "B,4"]);
});

test("several inputs and results, and a layer at two places, which has one set of Variables", async () => {
  const [a, b] = [input([2], { name: "a" }), input([2], { name: "b" })];
  const shared = dense(2, { kernelInit: "ones" });
  const [left, right] = [shared.on(a), shared.on(b)];
  const net = model({ inputs: { a, b }, outputs: { sum: new Sum().on([left, right]), left } });
  net.build({ key: key(0) });
  expect(pathsOf(net)).toEqual(["dense1.weight", "dense1.bias"]);
  const y = net.call({ a: tensor([[1, 2]]), b: tensor([[10, 20]]) });
  expect(await y.sum.data()).toEqual(new Float32Array([33, 33]));
  expect(await y.left.data()).toEqual(new Float32Array([3, 3]));
});

test("layers are called by kind and number, or by names that are given, and errors and summaries use them", () => {
  const x = input([4]);
  const head = dense(3);
  const net = model({
    inputs: [x],
    outputs: head.on(dropout(0.5).on(dense(8).on(dense(5).on(x)))),
    layers: { dense1: head },
  }).build({ key: key(0) });
  expect(Object.keys(net.fields())).toEqual(["dense1", "dense2", "dense3", "dropout1"]);
  expect(head.path).toBe("dense1");
  expect(net.call([zeros([2, 4])]).shape).toEqual([2, 3]);
  expect(net.call(zeros([2, 4]) as never).shape).toEqual([2, 3]);
  expect(summary(net)).toMatch(/^model: float32 \[B, 4\]/);
});

test("a model is a layer of other models, and a part of its graph is a model that shares its layers", () => {
  const x = input([4]);
  const hidden = dense(3, { activation: "relu" }).on(x);
  const encoder = model({ inputs: x, outputs: hidden });
  const whole = sequential([encoder, dense(2)]).build({ key: key(0), inputs: spec(["B", 4]) });
  expect(pathsOf(whole)[0]).toBe("model1.dense1.weight");
  const again = model({ inputs: x, outputs: dense(7).on(encoder.on(layerNorm().on(x))) }).build({ key: key(1) });
  expect(pathsOf(again)).toContain("model1.dense1.weight");
  const tail = model({ inputs: hidden, outputs: dense(2).on(hidden) }).build({ key: key(0) });
  expect(tail.call(zeros([5, 3])).shape).toEqual([5, 2]);
});

test("a graph of whole numbers and of open sizes is compiled like any layer", async () => {
  const words = input(["T"], { dtype: "int32", name: "words" });
  const y = dense(2).on(embedding(9, 3).on(words));
  expect(String(y.shape)).toBe("B,T,2");
  const net = model({ inputs: words, outputs: y }).build({ key: key(0) });
  const step = compile((x: Tensor) => net.call(x), { inputs: [spec(["B", "T"], "int32")] });
  expect((await step(tensor([[1, 2, 3]], { dtype: "int32" }))).shape).toEqual([1, 3, 2]);
});

test("an encoder hands its state to a decoder, and a stateful layer has a number of examples", async () => {
  const [text, sofar] = [input([5, 3]), input([4, 3])];
  const [, h, c] = lstm(6, { returnState: true }).on(text);
  const said = lstm(6, { returnSequences: true }).on({ input: sofar, state: [h!, c!] });
  const net = model({ inputs: [text, sofar], outputs: dense(2).on(said) }).build({ key: key(0) });
  expect(net.call([zeros([7, 5, 3]), zeros([7, 4, 3])]).shape).toEqual([7, 4, 2]);
  const x = input([5, 3], { batchSize: 2 });
  const kept = gru(4, { stateful: true });
  model({ inputs: x, outputs: kept.on(x) }).build({ key: key(0) });
  expect(kept.state[0]!.shape).toEqual([2, 4]);
});

test("masks go along the edges", async () => {
  const words = input(["T"], { dtype: "int32" });
  const net = model({ inputs: words, outputs: gru(3).on(dense(4).on(embedding(9, 3, { maskZero: true }).on(words))) });
  net.build({ key: key(0) });
  const of = (ids: number[]) => net.call(tensor([ids], { dtype: "int32" })).data();
  expect(await of([4, 2, 0])).toEqual(await of([4, 2]));
});

test("dropout drops in training alone", async () => {
  const x = input([64]);
  const net = model({ inputs: x, outputs: dropout(0.5).on(x) });
  const ones = zeros([1, 64]).add(1);
  expect(new Set(await net.call(ones).data())).toEqual(new Set([1]));
  expect(new Set(await net.call(ones, training(key(0))).data())).toEqual(new Set([0, 2]));
});

class Join extends Layer<readonly Tensor[]> {
  weights = dense(2);
  override forward(xs: readonly Tensor[], ctx: Context): Tensor {
    return this.weights.call(concat(xs, { axis: 1 }), ctx);
  }
}

test("what is built once stays, and a sketch of a layer leaves nothing behind", async () => {
  const trained = dense(2).build({ key: key(3), inputs: spec(["B", 2]) });
  const before = await trained.weight.value.data();
  const join = new Join();
  const [a, b] = [input([2]), input([3])];
  const y = join.on([trained.on(a), b]);
  expect(join.weights.built).toBe(false);
  const net = model({ inputs: [a, b], outputs: y }).build({ key: key(0) });
  expect(await trained.weight.value.data()).toEqual(before);
  expect(join.weights.weight.shape).toEqual([5, 2]);
  expect(pathsOf(net)).toEqual(["dense1.weight", "dense1.bias", "join1.weights.weight", "join1.weights.bias"]);
});

describe("what is no graph is refused:", () => {
  const [a, b] = [input([2], { name: "a" }), input([3])];

  test("an input that is not there, and one on which nothing depends", () => {
    const y = new Sum().on([dense(2).on(a), dense(2).on(b)]);
    expect(() => model({ inputs: a, outputs: y })).toThrowErrorMatchingInlineSnapshot(`
      [OptionError E803 model: an output depends on the input of type float32 [B, 3], which is not among inputs.
        fix: add it to inputs, or begin at a node behind it.]
    `);
    expect(() => model({ inputs: [a, b], outputs: dense(2).on(b) })).toThrowErrorMatchingInlineSnapshot(`
      [OptionError E803 model: no output depends on the input "a".
        fix: leave it out of inputs.]
    `);
  });

  test("tensors among nodes, and nodes among tensors", () => {
    expect(() => dense(2).on(zeros([1, 2]) as never)).toThrowErrorMatchingInlineSnapshot(`
      [OptionError E803 dense: on is given Tensor(float32 [1, 2]), which is no node of a graph.
        fix: begin a graph with input([28, 28, 1]), and call layers on tensors by call.]
    `);
    expect(() => new Sum().on([a, zeros([1, 2]) as never])).toThrowErrorMatchingInlineSnapshot(`
      [OptionError E803 sum: the input at 1 is Tensor(float32 [1, 2]), which is no node of a graph.
        fix: give nodes: results of on, or of input.]
    `);
    expect(() => dense(2).call(a as never)).toThrow("E803 dense: the input is");
    expect(() => model({ inputs: a, outputs: [dense(2)] as never })).toThrowErrorMatchingInlineSnapshot(`
      [OptionError E803 model: outputs.0 is a Dense, which is no node of a graph.
        fix: give nodes: results of input, or of layer.on(node).]
    `);
    expect(() => model({ input: a, outputs: a } as never)).toThrow("did you mean inputs?");
    expect(() => model({ inputs: a, outputs: dense(2).on(a), layers: { head: dense(3) } })).toThrow(
      "layers has a dense that is not between inputs and outputs, as head",
    );
    expect(() => input(28 as never)).toThrow("E803");
  });

  test("sizes that disagree, where the layer is applied", () => {
    expect(() => dense(2).on(input(["T"]))).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E203 dense: axis 1 has the size T, and Variables need a number.
        x: float32 [B, T]
        at: model.test.ts:189
        fix: give inputs a number for T.]
    `);
    expect(() => new Sum().on([a, b])).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E203 add: shapes [B, 2] and [B, 3] do not broadcast.
        x: float32 [B, 2]
        y: float32 [B, 3]
        at: model.test.ts:35
        fix: sizes are compared from the last axis and must be equal or 1; reshape one operand.]
    `);
  });

  test("other tensors than the graph was made for", () => {
    const net = model({ inputs: { a, b }, outputs: new Sum().on([dense(2).on(a), dense(2).on(b)]) });
    net.build({ key: key(0) });
    expect(() => net.call({ a: zeros([4, 7]), b: zeros([4, 3]) })).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E202 model: the input "a" is float32 [4, 7] but the graph was made for float32 [B, 2].
        x: float32 [4, 7]
        at: model.test.ts:207
        fix: give it that type, or make the graph for this one.]
    `);
    expect(() => net.call([zeros([4, 2])] as never)).toThrowErrorMatchingInlineSnapshot(`
      [StructureError E741 model: the tree has a list of 1 where a record {a, b} is wanted.
        at: the root
        fix: give the same lists, keys and places of null; only leaves may differ.]
    `);
  });
});
