import "@tenon/interpreter";
import { type BuildOptions, batchNorm, dense, dropout, flatten, Layer, sequential } from "@tenon/layers";
import {
  type Context,
  compile,
  inference,
  isLeaf,
  type Key,
  key,
  keySpec,
  nameVariables,
  setBackend,
  spec,
  type Tensor,
  tensor,
  topologicalOrder,
  training,
  type Variable,
  valueAndGrad,
  variable,
  variables,
  withScope,
  zeros,
} from "@tenon/tensor";
import { treeEntries } from "@tenon/tree";
import { beforeAll, describe, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

const options: BuildOptions = { key: key(0), inputs: spec(["B", 3]) };
const entriesOf = (layer: Layer): [string, Variable][] =>
  treeEntries<unknown>(layer[variables]()) as [string, Variable][];
const pathsOf = (layer: Layer): string[] => entriesOf(layer).map(([path]) => path);

class Net extends Layer {
  hidden = dense(4, { activation: "relu" });
  blocks = [sequential([dense(4), dropout(0.5)]), dropout(0.5), dense(4)];
  heads = { big: dense(2, { useBias: false }) };
  temperature = variable(tensor(1), { trainable: false });
  note = "no state";
  override forward(x: Tensor, ctx: Context): Tensor {
    let y = this.hidden.call(x, ctx);
    for (const block of this.blocks) y = block.call(y, ctx);
    return this.heads.big.call(y, ctx).mul(this.temperature.value);
  }
}

describe("state", () => {
  test("is the Variables in fields, lists, records and layers below, called by their paths", () => {
    const net = new Net().build(options);
    expect(pathsOf(net)).toEqual([
      "hidden.weight",
      "hidden.bias",
      "blocks.0.dense1.weight",
      "blocks.0.dense1.bias",
      "blocks.2.weight",
      "blocks.2.bias",
      "heads.big.weight",
      "temperature",
    ]);
    for (const [path, v] of entriesOf(net)) expect(v.name).toBe(path);
    expect(net.blocks[0]!.path).toBe("blocks.0");
  });

  test("counts a shared layer or Variable once, and a way back to a layer above not at all", () => {
    class Tied extends Layer {
      first = dense(3);
      second = this.first;
      twice = [this.first, { weight: null as Variable | null, self: this as Layer }];
      override forward(x: Tensor, ctx: Context): Tensor {
        return this.second.call(this.first.call(x, ctx), ctx);
      }
    }
    expect(pathsOf(new Tied().build(options))).toEqual(["first.weight", "first.bias"]);
  });

  test("gives gradients by the same paths", async () => {
    const net = new Net().build(options);
    const [, gradients] = valueAndGrad(() => net.call(zeros([2, 3])).sum(), net);
    expect(treeEntries<unknown>(gradients).map(([path]) => path)).toEqual(
      pathsOf(net).filter((path) => path !== "temperature"),
    );
  });

  test("made in the constructor needs no building", async () => {
    class Line extends Layer {
      slope = variable(tensor(2));
      override forward(x: Tensor): Tensor {
        return x.mul(this.slope.value);
      }
    }
    const line = new Line();
    expect(Array.from(await line.call(tensor([1, 2])).data())).toEqual([2, 4]);
    expect(entriesOf(line)[0]![1].name).toBe("slope");
    expect(line.built).toBe(true);
  });

  test("with a dot in a key that makes two paths equal is refused", () => {
    class Odd extends Layer {
      both = { "a.b": variable([1]), a: { b: variable([2]) } };
      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    expect(() => new Odd()[variables]()).toThrowErrorMatchingInlineSnapshot(`
      [StateError E415 layer: two Variables are called both.a.b.
        fix: leave dots out of the keys of records.]
    `);
  });
});

describe("building", () => {
  test("leaves named sizes open, and runs nothing", async () => {
    const net = new Net().build(options);
    for (const rows of [1, 5]) expect(net.call(zeros([rows, 3])).shape).toEqual([rows, 2]);
    const step = compile((x: Tensor) => net.call(x), { inputs: [spec(["B", 3])] });
    expect((await step(zeros([4, 3]))).shape).toEqual([4, 2]);
  });

  test("gives every layer values of its own, the same for the same key and path", async () => {
    const [a, b, c] = [0, 0, 1].map((seed) => new Net().build({ ...options, key: key(seed) }));
    const values = async (net: Net) => Array.from(await net.blocks[2]!.call(zeros([1, 4]).add(1)).data());
    expect(await values(a!)).toEqual(await values(b!));
    expect(await values(a!)).not.toEqual(await values(c!));
    const square = sequential([dense(3), dense(3)]).build(options);
    const [first, second] = square.layers.map((l) => (l as ReturnType<typeof dense>).weight.value.data());
    expect(await first).not.toEqual(await second);
  });

  test("happens once", () => {
    expect(() => new Net().build(options).build(options)).toThrowErrorMatchingInlineSnapshot(`
      [StateError E431 build: the net layer is built already.
        fix: make a new layer, or assign the Variables of this one.]
    `);
  });

  test("does not happen while a function is traced", () => {
    const net = new Net();
    const step = compile((x: Tensor) => net.build(options).call(x));
    expect(() => step.trace(spec([2, 3]))).toThrowErrorMatchingInlineSnapshot(`
      [StateError E432 build: the net layer is built while a function is being traced.
        fix: build it before compile or grad, since building makes Variables.]
    `);
    expect(net.built).toBe(false);
  });

  test("that fails can be tried again", () => {
    class Sum extends Layer {
      a = dense(3);
      b = dense(4);
      override forward(x: Tensor, ctx: Context): Tensor {
        return this.a.call(x, ctx).add(this.b.call(x, ctx));
      }
    }
    const net = new Sum();
    expect(() => net.build(options)).toThrow("E203");
    expect(net.a.built).toBe(false);
    net.b = dense(3);
    net.build({ ...options, inputs: spec(["B", 7]) });
    expect(net.a.weight.shape).toEqual([7, 3]);
  });

  test("keeps the Variables of a part that is built already, under their new path", async () => {
    const encoder = sequential([dense(5)]).build({ ...options, key: key(7) });
    const weight = (encoder.layers[0] as ReturnType<typeof dense>).weight;
    const before = await weight.value.data();
    const whole = sequential({ encoder, head: dense(2) }).build(options);
    expect(pathsOf(whole)[0]).toBe("encoder.dense1.weight");
    expect(weight.name).toBe("encoder.dense1.weight");
    expect(await weight.value.data()).toEqual(before);
  });

  test("is not needed where all parts are built", () => {
    const whole = sequential([dense(4).build(options), dropout(0.5)]);
    expect(whole.call(zeros([1, 3])).shape).toEqual([1, 4]);
    expect(entriesOf(whole)[0]![1].name).toBe("dense1.weight");
  });

  test("takes several inputs as a list", () => {
    class Pair extends Layer<readonly [Tensor, Tensor]> {
      left = dense(2);
      right = dense(2);
      override forward([a, b]: readonly [Tensor, Tensor], ctx: Context): Tensor {
        return this.left.call(a, ctx).add(this.right.call(b, ctx));
      }
    }
    const pair = new Pair().build({ key: key(0), inputs: [spec(["B", 3]), spec(["B", 4])] });
    expect(pair.call([zeros([2, 3]), zeros([2, 4])]).shape).toEqual([2, 2]);
    expect(pair.right.weight.shape).toEqual([4, 2]);
  });

  test("finds layers that a layer makes when it is built", () => {
    class Lazy extends Layer {
      inner: Layer[] = [];
      override buildSelf(): void {
        this.inner = [dense(2), dense(1)];
      }
      override forward(x: Tensor, ctx: Context): Tensor {
        return this.inner.reduce((y, layer) => layer.call(y, ctx), x);
      }
    }
    const net = sequential([new Lazy()]).build(options);
    expect(pathsOf(net)).toEqual([
      "lazy1.inner.0.weight",
      "lazy1.inner.0.bias",
      "lazy1.inner.1.weight",
      "lazy1.inner.1.bias",
    ]);
  });

  test("does not keep what forward assigns", async () => {
    class Counter extends Layer {
      count = variable(tensor(0), { role: "state" });
      override forward(x: Tensor): Tensor {
        this.count.assign(this.count.value.add(1));
        return x;
      }
    }
    const counter = new Counter().build(options);
    expect(await counter.count.value.item()).toBe(0);
    counter.call(zeros([1, 3]));
    expect(await counter.count.value.item()).toBe(1);
  });

  test("puts a name before all paths, so that one program can have two models", async () => {
    const make = (name: string) => sequential([dense(3)]).build({ ...options, name });
    const [generator, critic] = [make("generator"), make("critic")];
    const step = compile((x: Tensor) => critic.call(generator.call(x)));
    await step(zeros([1, 3]));
    expect(step.variables.map(({ name }) => name)).toEqual([
      "generator.dense1.weight",
      "generator.dense1.bias",
      "critic.dense1.weight",
      "critic.dense1.bias",
    ]);
    expect(pathsOf(critic)).toEqual(["dense1.weight", "dense1.bias"]);
  });

  test("refuses a layer that forward does not reach, and one that no field holds", () => {
    class Extra extends Layer {
      used = dense(2);
      unused = dense(2);
      drop = dropout(0.5);
      override forward(x: Tensor, ctx: Context): Tensor {
        return this.used.call(x, ctx);
      }
    }
    expect(() => new Extra().build(options)).toThrowErrorMatchingInlineSnapshot(`
      [StateError E433 build: forward does not call unused (dense), so that its sizes are not known.
        fix: build it by itself before the model, or leave it out.]
    `);
    class Loose extends Layer {
      override forward(x: Tensor, ctx: Context): Tensor {
        return dense(2).call(x, ctx);
      }
    }
    expect(() => sequential({ loose: new Loose() }).build(options)).toThrowErrorMatchingInlineSnapshot(`
      [StateError E434 build: forward calls a dense layer that no field holds.
        at: the sequential layer
        fix: make it once, as a field of the layer that calls it.]
    `);
  });

  test("names what is missing or wrong in its options", () => {
    const build = (given: unknown) => () => dense(2).build(given as BuildOptions);
    expect(build({ key: key(0), inputShape: [3] })).toThrowErrorMatchingInlineSnapshot(`
      [OptionError E801 build: unknown option inputShape.
        fix: the options are key, inputs, name.]
    `);
    expect(build({ inputs: spec([1, 3]) })).toThrowErrorMatchingInlineSnapshot(`
      [OptionError E803 build: the key is undefined, which is no random key.
        fix: make one from a seed, as in key(0).]
    `);
    expect(build({ key: key(0) })).toThrowErrorMatchingInlineSnapshot(
      `
      [OptionError E803 build: inputs is undefined, which is no type.
        fix: describe the input by spec, as in inputs: spec(["B", 784]).]
    `,
    );
    expect(build({ key: key(0), inputs: [["B", 3]] })).toThrowErrorMatchingInlineSnapshot(`
      [OptionError E803 build: inputs has ["B", 3], which is no type.
        fix: describe the input by spec, as in inputs: spec(["B", 784]).]
    `);
    expect(build({ key: 0, inputs: spec([1, 3]) })).toThrowErrorMatchingInlineSnapshot(`
      [OptionError E803 build: the key is 0, which is no random key.
        fix: make one from a seed, as in key(0).]
    `);
  });
});

describe("a layer that is not built", () => {
  const net = new Net();

  test("cannot be called", () => {
    expect(() => net.call(zeros([32, 3]))).toThrowErrorMatchingInlineSnapshot(`
      [StateError E430 call: the net layer is not built, so that it has no Variables yet.
        fix: first call build({ key: key(0), inputs: spec(["B", 3]) }) on the model.]
    `);
    expect(() => net.hidden.call(zeros([32, 3]))).toThrow("the dense layer is not built");
  });

  test("cannot be compiled", () => {
    expect(() => compile((x: Tensor) => net.call(x)).trace(spec(["N", 3]))).toThrowErrorMatchingInlineSnapshot(`
      [StateError E430 call: the net layer is not built, so that it has no Variables yet.
        fix: first call build({ key: key(0), inputs: spec(["B", 3]) }) on the model.]
    `);
  });

  test("cannot be bound or differentiated", () => {
    expect(() => net[variables]()).toThrowErrorMatchingInlineSnapshot(`
      [StateError E430 variables: the net layer is not built, so that it has no Variables yet.
        fix: first call build({ key: key(0), inputs: spec(["B", 784]) }) on the model.]
    `);
    expect(() => valueAndGrad(() => tensor(0), net)).toThrow("E430");
    expect(() => nameVariables(net)).toThrow("E430");
  });

  test("is named where it took the place of one that was", () => {
    const whole = sequential({ body: sequential([dense(3)]), head: dense(2) }).build(options);
    const { body } = whole.fields() as { body: { layers: Layer[] } };
    body.layers[0] = dense(9);
    expect(() => whole[variables]()).toThrowErrorMatchingInlineSnapshot(`
      [StateError E430 variables: body.dense1 (dense) is not built, so that it has no Variables yet.
        fix: first call build({ key: key(0), inputs: spec(["B", 784]) }) on it.]
    `);
  });
});

describe("a call", () => {
  const scopes = (y: Tensor) => [
    ...new Set(
      topologicalOrder([y])
        .filter((node) => !isLeaf(node))
        .map((node) => node.scope),
    ),
  ];

  test("records the layer's path, from wherever it is called", () => {
    const net = new Net().build(options);
    expect(scopes(net.call(tensor([[1, 2, 3]])))).toEqual([
      "hidden",
      "blocks.0.dense1",
      "blocks.2",
      "heads.big",
      undefined,
    ]);
    const x = tensor([[1, 2, 3, 4]]);
    const inner = (net.blocks[0] as unknown as { layers: Layer[] }).layers[0]!;
    expect(scopes(inner.call(x))).toEqual(["blocks.0.dense1"]);
    expect(scopes(withScope("loss", () => net.blocks[0]!.call(x)))).toEqual(["loss.blocks.0.dense1"]);
  });

  test("in training draws other numbers in each layer and each call, the same for the same key", async () => {
    const net = sequential([dropout(0.5), dropout(0.5)]);
    const x = zeros([64]).add(1);
    const [first, second] = net.layers as [Layer, Layer];
    net.call(x);
    const ctx = training(key(3));
    const draws = [first.call(x, ctx), first.call(x, ctx), second.call(x, ctx), first.call(x, training(key(3)))];
    const [a, b, c, again] = await Promise.all(draws.map((t) => t.data()));
    expect(a).not.toEqual(b);
    expect(a).not.toEqual(c);
    expect(a).toEqual(again);
  });

  test("takes its context as an argument of a compiled function", async () => {
    const net = sequential([dense(3), batchNorm(), dropout(0.5)]).build(options);
    const step = compile((x: Tensor, k: Key) => net.call(x, training(k)), { inputs: [spec(["B", 3]), keySpec] });
    const x = tensor([
      [1, 2, 3],
      [4, 5, 7],
    ]);
    expect(await (await step(x, key(1))).data()).toEqual(await (await step(x, key(1))).data());
  });

  test("refuses what is no tensor or no context", () => {
    const net = dense(2).build(options);
    const call = net.call.bind(net) as (...args: unknown[]) => unknown;
    expect(() => call([[1, 2, 3]])).toThrowErrorMatchingInlineSnapshot(`
      [OptionError E803 dense: the input is [[1, 2, 3]], which is no tensor.
        fix: make a tensor of it with tensor(…).]
    `);
    expect(() => call(undefined)).toThrow("E803");
    expect(() => call(zeros([1, 3]), { training: true })).toThrowErrorMatchingInlineSnapshot(`
      [OptionError E803 dense: the context is an object, which is no context.
        fix: call the layer with training(key), or without a context for inference.]
    `);
    expect(() => call(zeros([1, 3]), inference)).not.toThrow();
  });

  test("refuses a forward that gives no tensor", () => {
    class Async extends Layer {
      override forward(x: Tensor): Tensor {
        return Promise.resolve(x) as never;
      }
    }
    expect(() => new Async().call(zeros([1]))).toThrowErrorMatchingInlineSnapshot(`
      [OptionError E803 async: the result of forward is a promise, which is no tensor.
        fix: await it first.]
    `);
  });

  test("with a wrong size names the layer and the user's line", () => {
    const net = sequential([flatten(), dense(4), dense(2)]).build(options);
    expect(() => net.layers[2]!.call(zeros([32, 784]))).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E204 dense: the input has 784 features but the layer was built for 4.
        x: float32 [32, 784]
        at: dense2 (layer.test.ts:405)
        fix: give it 4 features.]
    `);
    expect(() => net.call(zeros([32, 784]))).toThrow(/at: dense1 \(layer\.test\.ts:\d+\)/);
  });
});
