import "@tenon/interpreter";
import { printModule } from "@tenon/ir/text";
import { dense } from "@tenon/layers";
import {
  compile,
  loadStep,
  matmul,
  memory,
  nameVariables,
  setBackend,
  softmaxCrossEntropy,
  spec,
  type Tensor,
  tensor,
  Variable,
  valueAndGrad,
  variable,
  variables,
  zeros,
} from "@tenon/tensor";
import { treeLeaves } from "@tenon/tree";
import { beforeAll, expect, test } from "vitest";
import {
  adam,
  adamw,
  chain,
  clipByGlobalNorm,
  cosineDecay,
  momentum,
  parameterGroups,
  scaleByAdam,
  sgd,
  Transform,
  transform,
} from "./index.ts";

beforeAll(() => setBackend("interpreter"));

const values = async (x: Tensor | Variable): Promise<number[]> =>
  Array.from((await (x instanceof Variable ? x.value : x).data()) as Float32Array);

const namesOf = (source: { [variables](): unknown }): string[] =>
  (treeLeaves(source[variables]()) as Variable[]).map((v) => v.name!);

function network() {
  const net = {
    hidden: {
      weight: variable([
        [0.5, -0.25, 1],
        [0.125, 0.75, -0.5],
      ]),
      bias: variable(zeros([3])),
    },
    out: {
      weight: variable([
        [0.5, -1],
        [0.25, 0.5],
        [1, 0.25],
      ]),
      bias: variable(zeros([2])),
    },
  };
  nameVariables(net);
  const logits = (x: Tensor) =>
    matmul(matmul(x, net.hidden.weight.value).add(net.hidden.bias.value).tanh(), net.out.weight.value).add(
      net.out.bias.value,
    );
  return { net, loss: (x: Tensor, y: Tensor) => softmaxCrossEntropy(logits(x), y).mean() };
}

const x = tensor([
  [1, 2],
  [-1, 0.5],
  [0.25, -2],
]);
const y = tensor([0, 1, 1], { dtype: "int32" });
const inputs = [spec(["B", 2]), spec(["B"], "int32")];

test("a compiled step with Adam is one program over steps, batch sizes and learning rates, and learns", async () => {
  const { net, loss } = network();
  const optimizer = adam({ learningRate: 0.05 }).bind(net);
  let traced = 0;
  const step = compile(
    (x: Tensor, y: Tensor) => {
      traced++;
      const [value, grads] = valueAndGrad(() => loss(x, y), net);
      optimizer.apply(grads);
      return value;
    },
    { inputs },
  );
  const losses: number[] = [];
  for (let i = 0; i < 30; i++) losses.push((await (await step(x, y)).item()) as number);
  const programs = memory().devices[0]!.cachedPrograms;
  for (const rate of [0.1, 0.01, 0.2]) {
    optimizer.learningRate = rate;
    expect(await optimizer.learningRate.item()).toBe(Math.fround(rate));
    losses.push((await (await step(x, y)).item()) as number);
  }
  expect(memory().devices[0]!.cachedPrograms).toBe(programs);
  await step(tensor([[1, 2]]), tensor([0], { dtype: "int32" }));
  expect(traced).toBe(1);
  expect(losses.at(-1)).toBeLessThan(losses[0]! / 5);
});

test("the learning rate is an input of the program, so that its numbers are nowhere in the graph", async () => {
  const p = variable([1, 2], { name: "p" });
  const optimizer = sgd({ learningRate: 0.12345 }).bind(p);
  const step = compile(() => optimizer.apply(p.value));
  expect(printModule(step.trace())).not.toContain("0.12345");
  await step();
  optimizer.learningRate = 1;
  await step();
  expect(await values(p)).toEqual([0, 0]);
});

test("slots are named after their parameter, and once per optimizer", () => {
  const { net } = network();
  expect(namesOf(adam().bind(net))).toEqual([
    "adam.step",
    ...["hidden.weight", "hidden.bias", "out.weight", "out.bias"].map((p) => `adam.${p}.mean`),
    ...["hidden.weight", "hidden.bias", "out.weight", "out.bias"].map((p) => `adam.${p}.variance`),
    "adam.learningRate",
  ]);
  expect(namesOf(momentum().bind(net.out.bias, { name: "fast" }))).toEqual([
    "fast.out.bias.velocity",
    "fast.out.bias.learningRate",
  ]);
  expect(namesOf(sgd({ learningRate: cosineDecay(1, { steps: 9 }) }).bind([variable(1)]))).toEqual([
    "sgd.learningRate",
    "sgd.step",
  ]);
  const twice = chain(clipByGlobalNorm(1), scaleByAdam(), adam());
  expect(namesOf(twice.bind({ w: variable(1) }))).toEqual([
    ...["adam.1.step", "adam.w.1.mean", "adam.w.1.variance"],
    ...["adam.2.0.step", "adam.w.2.0.mean", "adam.w.2.0.variance", "adam.2.1.learningRate"],
  ]);
  const slots = treeLeaves(adam().bind(net)[variables]()) as Variable[];
  expect(slots.every(({ role, trainable }) => role === "slot" && !trainable)).toBe(true);
});

test("frozen parameters have no slots and do not move", async () => {
  const { net, loss } = network();
  net.hidden.weight.trainable = false;
  const optimizer = adamw({ learningRate: 0.1 }).bind(net);
  expect(namesOf(optimizer).filter((name) => name.includes("hidden.weight"))).toEqual([]);
  const before = await values(net.hidden.weight);
  const [, grads] = valueAndGrad(() => loss(x, y), net);
  optimizer.apply(grads);
  expect(await values(net.hidden.weight)).toEqual(before);
  expect(await values(net.hidden.bias)).not.toEqual([0, 0, 0]);

  net.out.weight.trainable = false; // frozen later: it stays where it is
  const later = await values(net.out.weight);
  optimizer.apply(valueAndGrad(() => loss(x, y), net)[1]);
  expect(await values(net.out.weight)).toEqual(later);

  net.hidden.weight.trainable = true;
  expect(() => optimizer.apply(valueAndGrad(() => loss(x, y), net)[1])).toThrowErrorMatchingInlineSnapshot(`
    [StateError E442 apply: hidden.weight was not trainable when the optimizer was bound, and has no slots.
      fix: bind the optimizer again after a change of what is trainable.]
  `);
});

test("what is frozen in a list keeps the others in their places", async () => {
  const list = [variable([1], { trainable: false }), variable([2]), variable([3])];
  const optimizer = sgd({ learningRate: 1 }).bind(list);
  const [, grads] = valueAndGrad(
    () => list[0]!.value.add(list[1]!.value.mul(10)).add(list[2]!.value.mul(100)).sum(),
    list,
  );
  optimizer.apply(grads);
  expect(await Promise.all(list.map(values))).toEqual([[1], [-8], [-97]]);
});

test("a Variable that stands in the tree twice is updated once", async () => {
  const shared = variable([3], { name: "shared" });
  const net = { encoder: shared, decoder: shared };
  const optimizer = momentum({ learningRate: 0.5 }).bind(net);
  expect(namesOf(optimizer)).toEqual(["momentum.shared.velocity", "momentum.learningRate"]);
  const [, grads] = valueAndGrad(() => net.encoder.value.mul(net.decoder.value).sum(), net);
  optimizer.apply(grads);
  expect(await values(shared)).toEqual([0]);
});

test("outside compile a step gives the same numbers, and starts to compute", async () => {
  const [one, two] = [network(), network()];
  const [eager, compiled] = [adam().bind(one.net), adam().bind(two.net)];
  const step = compile((x: Tensor, y: Tensor) => {
    const [value, grads] = valueAndGrad(() => two.loss(x, y), two.net);
    compiled.apply(grads);
    return value;
  });
  for (let i = 0; i < 5; i++) {
    const [loss, grads] = valueAndGrad(() => one.loss(x, y), one.net);
    eager.apply(grads);
    expect(loss.inputs).toHaveLength(0); // computed along with the update, not once more when it is read
    expect(one.net.out.weight.value.inputs).toHaveLength(0);
    expect(await loss.item()).toBeCloseTo((await (await step(x, y)).item()) as number, 6);
  }
});

test("a saved step goes on as it was, with the learning rate in it", async () => {
  const { net, loss } = network();
  const optimizer = adam({ learningRate: cosineDecay(0.1, { steps: 20 }) }).bind(net);
  const step = compile(
    (x: Tensor, y: Tensor) => {
      const [value, grads] = valueAndGrad(() => loss(x, y), net);
      optimizer.apply(grads);
      return { value, rate: optimizer.learningRate };
    },
    { inputs },
  );
  for (let i = 0; i < 4; i++) await step(x, y);
  const loaded = await loadStep(await step.save(), { backend: "interpreter" });
  for (let i = 0; i < 4; i++) {
    const [here, there] = [await step(x, y), (await loaded(x, y)) as { value: Tensor; rate: Tensor }];
    expect([await there.value.item(), await there.rate.item()]).toEqual([
      await here.value.item(),
      await here.rate.item(),
    ]);
  }
});

test("a tensor may be the learning rate, and be set in a compiled function", async () => {
  const p = variable([1], { name: "p" });
  const optimizer = sgd({ learningRate: tensor(0.5) }).bind(p);
  const step = compile((rate: Tensor) => {
    optimizer.learningRate = rate;
    optimizer.apply(tensor([1]));
    return p;
  });
  optimizer.apply(tensor([1]));
  expect(await values(p)).toEqual([0.5]);
  await step(0.25);
  expect(await values(p)).toEqual([0.25]);
  expect(await optimizer.learningRate.item()).toBe(0.25);
});

test("a learning rate that cannot be set says why", () => {
  const p = variable([1]);
  const scheduled = sgd({ learningRate: cosineDecay(1, { steps: 2 }) }).bind(p);
  const groups = parameterGroups([
    ["a", sgd()],
    ["*", sgd()],
  ]).bind({ a: variable(1), b: variable(2) });
  const none = transform({ init: () => null, update: (grads) => [grads, null] }).bind(p);
  const set = (optimizer: { learningRate: number | Tensor }, rate: unknown) => () => {
    optimizer.learningRate = rate as number;
  };
  expect(set(scheduled, 1)).toThrowErrorMatchingInlineSnapshot(`
    [StateError E443 learningRate: the learning rate follows a schedule.
      fix: give the optimizer a number, and set that, or write the change into the schedule.]
  `);
  expect(set(groups, 1)).toThrowErrorMatchingInlineSnapshot(`
    [StateError E443 learningRate: the optimizer has 2 learning rates.
      fix: assign the Variables in its state.]
  `);
  expect(() => none.learningRate).toThrowErrorMatchingInlineSnapshot(`
    [StateError E443 learningRate: the optimizer has 0 learning rates.
      fix: put scaleByLearningRate(…) at the end of the chain.]
  `);
  expect(set(sgd().bind(p), "fast")).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 learningRate: the value is "fast".
      fix: give one finite number, or a tensor of rank 0.]
  `);
  expect(set(sgd().bind(p), tensor([1, 2]))).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 learningRate: the value is float32 [2].
      fix: give one finite number, or a tensor of rank 0.]
  `);
});

test("gradients that are not shaped like the parameters are refused with both", () => {
  const net = { w: variable(zeros([2, 3]), { name: "w" }), b: variable(zeros([3])) };
  const optimizer = sgd().bind(net);
  expect(() => optimizer.apply({ w: zeros([3, 2]), b: zeros([3]) })).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E202 sgd: the gradient of w is float32 [3, 2] but the parameter is float32 [2, 3].
      parameter: float32 [2, 3]
      gradient: float32 [3, 2]
      fix: pass the gradients of the parameters that the optimizer is bound to.]
  `);
  expect(() => optimizer.apply({ w: zeros([2, 3]) })).toThrowErrorMatchingInlineSnapshot(`
    [StructureError E741 sgd: the tree has a record {w} where a record {w, b} is wanted.
      at: the root
      fix: give the same lists, keys and places of null; only leaves may differ.]
  `);
  expect(() => optimizer.apply({ w: 1, b: zeros([3]) })).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 sgd: the gradient of w is 1, which is no tensor.
      fix: pass the gradients that valueAndGrad or grad returned.]
  `);
});

test("what is not bound, not scaled, or has nothing to learn is refused", () => {
  expect(() => adam().apply({})).toThrowErrorMatchingInlineSnapshot(`
    [StateError E441 apply: the optimizer is not bound to parameters.
      fix: bind it first, as in const optimizer = adam().bind(model).]
  `);
  expect(() => adam().learningRate).toThrow("E441");
  expect(() => chain(clipByGlobalNorm(1), scaleByAdam()).bind(variable(1))).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 bind: no link of the chain scales by a learning rate, so that gradients would be added to the parameters.
      fix: end the chain with scaleByLearningRate(…) or with an optimizer.]
  `);
  expect(() => adam().bind({ w: variable(1, { trainable: false }) })).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 bind: the target has no trainable Variable.
      fix: bind parameters, and set trainable on those that are learned.]
  `);
  expect(() => adam().bind({ w: zeros([1]) })).toThrow("E803 variables: w is a tensor");
});

test("an unbuilt layer is refused", () => {
  expect(() => adam().bind(dense(3))).toThrowErrorMatchingInlineSnapshot(`
    [StateError E430 variables: the dense layer is not built, so that it has no Variables yet.
      fix: first call build({ key: key(0), inputs: spec(["B", 784]) }) on the model.]
  `);
});

test("unknown options suggest the right one, and numbers have a range", () => {
  expect(() => adam({ lr: 1 } as object)).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E801 adam: unknown option lr.
      fix: did you mean learningRate?]
  `);
  expect(() => adam({ learning_rate: 1 } as object)).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E801 adam: unknown option learning_rate.
      fix: did you mean learningRate?]
  `);
  expect(() => adam({ beta1: 1 })).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 adam: beta1 is 1.
      fix: give a finite number from 0 and below 1.]
  `);
  expect(() => sgd({ learningRate: "1" as never })).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 scaleByLearningRate: learningRate is "1".
      fix: give a finite number, a tensor of rank 0, or a schedule such as cosineDecay(1e-3, { steps: 1000 }).]
  `);
  expect(() => cosineDecay(1, {} as never)).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 cosineDecay: steps is undefined.
      fix: give a whole number from 1.]
  `);
  expect(() => clipByGlobalNorm(0)).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 clipByGlobalNorm: maxNorm is 0.
      fix: give a finite number above 0.]
  `);
  expect(() => adam().bind(variable(1), { nam: "x" } as object)).toThrow("did you mean name?");
});

test("16-bit parameters keep their dtype, and have float32 slots", async () => {
  const p = variable([1, 2], { name: "p", dtype: "float16" });
  const optimizer = chain(clipByGlobalNorm(10), adamw({ learningRate: 0.25 })).bind(p);
  const step = compile((g: Tensor) => optimizer.apply(g));
  await step(tensor([1, -1], { dtype: "float16" }));
  expect(p.dtype).toBe("float16");
  expect(await values(p)).toEqual([0.7475, 2.245].map((v) => expect.closeTo(v, 2)));
  expect((treeLeaves(optimizer.state) as Variable[]).map(({ dtype }) => dtype)).toEqual([
    "int32",
    "float32",
    "float32",
    "float32",
  ]);
});

test("a transform that breaks its promise is refused before anything is assigned", async () => {
  const p = variable([1, 2], { name: "p" });
  const wrong = transform({ init: () => ({ n: zeros([]) }), update: (grads) => [grads, { n: zeros([2]) }] }).bind(p);
  expect(() => wrong.apply(tensor([1, 1]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E202 optimizer: the transform gives float32 [2] for optimizer.p.n, which is float32 [].
      fix: keep shape and dtype of every parameter and slot.]
  `);
  expect(await values(p)).toEqual([1, 2]);
  expect(() =>
    transform({ init: () => ({ n: 1 as never }), update: (g, s) => [g, s] }).bind(p),
  ).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 bind: the state has 1 for optimizer.p.n, which is no tensor.
      fix: return tensors from init, such as zerosLike(param) or constant(0, []).]
  `);
  expect(new Transform({ init: () => null, update: (g) => [g, null] }).name).toBeUndefined();
});
