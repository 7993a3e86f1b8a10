import "@tenon/interpreter";
import { printModule } from "@tenon/ir/text";
import {
  compile,
  loadStep,
  setBackend,
  type Tensor,
  tensor,
  topologicalOrder,
  type Variable,
  variable,
  zeros,
  zerosLike,
} from "@tenon/tensor";
import { treeLeaves } from "@tenon/tree";
import { beforeAll, expect, test } from "vitest";
import { chain, clipByValue, cosineDecay, defineOptimizer, momentum, parameterGroups, sgd } from "./index.ts";

beforeAll(() => setBackend("interpreter"));

const acme = defineOptimizer({
  name: "acme.momentum",
  version: 1,
  defaults: { learningRate: 0.01, mu: 0.9 },
  slots: (param) => ({ velocity: zerosLike(param) }),
  update({ param, grad, slots, learningRate, mu }) {
    const velocity = slots.velocity.mul(mu).add(grad);
    return { param: param.sub(velocity.mul(learningRate)), slots: { velocity } };
  },
});

const read = async (v: Variable): Promise<number[]> => Array.from((await v.value.data()) as Float32Array);
const net = () => ({ w: variable([[1, 2]], { name: "w" }), b: variable([3], { name: "b" }) });
const grads = (i: number) => ({ w: tensor([[i, 1]]), b: tensor([-i]) });

test("a rule of a third party does what it says, with schedules and groups as any other", async () => {
  const [one, two] = [net(), net()];
  const [mine, ours] = [
    acme({ learningRate: 0.125, mu: 0.5 }).bind(one),
    momentum({ learningRate: 0.125, momentum: 0.5 }).bind(two),
  ];
  for (let i = 1; i < 5; i++) {
    mine.apply(grads(i));
    ours.apply(grads(i));
    expect([await read(one.w), await read(one.b)]).toEqual([await read(two.w), await read(two.b)]);
  }
  expect((treeLeaves(mine.state) as Variable[]).map(({ name }) => name)).toEqual([
    "acme.momentum.learningRate",
    "acme.momentum.w.velocity",
    "acme.momentum.b.velocity",
  ]);
  const three = net();
  const scheduled = chain(
    clipByValue(1),
    parameterGroups([
      ["w", acme({ learningRate: cosineDecay(1, { steps: 4 }) })],
      ["*", sgd({ learningRate: 1 })],
    ]),
  ).bind(three);
  scheduled.apply(grads(2));
  expect([await read(three.w), await read(three.b)]).toEqual([[expect.closeTo(0, 6), 1], [4]]);
});

test("a step holds one op of the rule's name per parameter, which carries its meaning", async () => {
  const target = net();
  const optimizer = acme().bind(target);
  const step = compile((w: Tensor, b: Tensor) => optimizer.apply({ w, b }));
  await step(grads(1).w, grads(1).b);
  const module = step.trace({ dtype: "float32", shape: [1, 2] }, { dtype: "float32", shape: [1] });
  expect(printModule(module).match(/composite.*acme\.momentum/g)).toHaveLength(2);
  const loaded = await loadStep(await step.save(), { backend: "interpreter" });
  await step(grads(2).w, grads(2).b);
  await loaded(grads(2).w, grads(2).b);
  const there = loaded.variables.find(({ name }) => name === "w")!;
  expect(await read(there)).toEqual(await read(target.w));
});

test("as a link before others it gives updates", async () => {
  const p = tensor([1, 2]);
  const transform = acme({ learningRate: 0.5 });
  const [updates] = transform.update(tensor([1, -2]), transform.init(p), p);
  expect(topologicalOrder([updates as Tensor]).some(({ op }) => op.name === "composite")).toBe(true);
  expect(Array.from(await (updates as Tensor).data())).toEqual([-0.5, 1]);
});

test("a rule without slots needs none, and slots may be of any shape and dtype", async () => {
  const plain = defineOptimizer({
    name: "acme.plain",
    version: 2,
    defaults: { learningRate: 1 },
    update: ({ param, grad, learningRate }) => ({ param: param.sub(grad.mul(learningRate)) }),
  });
  const counting = defineOptimizer({
    name: "acme.counting",
    version: 1,
    defaults: { learningRate: 1, signed: true },
    slots: () => ({ step: zeros([], "int32") }),
    update({ param, grad, slots, learningRate, signed }) {
      const step = slots.step.add(1);
      return { param: param.sub((signed ? grad.sign() : grad).mul(learningRate).mul(step)), slots: { step } };
    },
  });
  const [a, b] = [variable([1], { name: "a" }), variable([1], { name: "b", dtype: "float16" })];
  plain()
    .bind(a)
    .apply(tensor([0.25]));
  const optimizer = counting().bind(b);
  for (let i = 0; i < 3; i++) optimizer.apply(tensor([0.25], { dtype: "float16" }));
  expect([await read(a), await read(b)]).toEqual([[0.75], [-5]]);
});

test("mistakes of a rule's author and of its user are told", () => {
  expect(() => acme({ learningrate: 1 } as object)).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E801 acme.momentum: unknown option learningrate.
      fix: did you mean learningRate?]
  `);
  expect(() => acme({ mu: "much" as never })).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 acme.momentum: mu is "much".
      fix: give a number, such as 0.9.]
  `);
  expect(() =>
    defineOptimizer({
      name: "a.b",
      version: 1,
      defaults: {} as { learningRate: number },
      update: () => ({ param: zeros([]) }),
    }),
  ).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 defineOptimizer: defaults.learningRate is undefined.
      fix: give a finite number.]
  `);
  const rule = { version: 1, defaults: { learningRate: 1 } };
  const shapes = defineOptimizer({ ...rule, name: "acme.wrong", update: () => ({ param: zeros([7]) }) });
  expect(() => shapes().bind(net()).apply(grads(1))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E202 acme.wrong: update gives float32 [7] for param, which is float32 [1, 2].
      fix: return { param, slots } with the shapes that were given.]
  `);
  const nothing = defineOptimizer({ ...rule, name: "acme.wrong", update: () => undefined as never });
  expect(() => nothing().bind(net()).apply(grads(1))).toThrow("update gives undefined for param");
  const outside = tensor([1, 2]);
  const captures = defineOptimizer({
    ...rule,
    name: "acme.wrong",
    update: ({ param }) => ({ param: param.add(outside.sum()) }),
  });
  expect(() => captures().bind(net()).apply(grads(1))).toThrow("E805");
  const forgets = defineOptimizer({
    ...rule,
    name: "acme.wrong",
    slots: (p) => ({ v: p }),
    update: ({ param }) => ({ param, slots: {} as never }),
  });
  expect(() => forgets().bind(net()).apply(grads(1))).toThrow("update gives undefined for slots.v");
  const unnamed = defineOptimizer({ ...rule, name: "wrong", update: ({ param }) => ({ param }) });
  expect(() => unnamed().bind(net()).apply(grads(1))).toThrow("which is not namespace.name");
});
