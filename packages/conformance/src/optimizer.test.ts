import { cpuJs } from "@tenon/backend-cpu-js";
import { interpreter } from "@tenon/interpreter";
import * as ours from "@tenon/optimizers";
import {
  constant,
  type HasVariables,
  randomUniform,
  type Tensor,
  type TensorTree,
  tensor,
  type Variable,
  type VariableTree,
  variable,
  variables,
  variablesOf,
  zeros,
  zerosLike,
} from "@tenon/tensor";
import { treeLeaves, treeMap } from "@tenon/tree";
import { describe, expect, test } from "vitest";
import { type OptimizerLike, optimizerConformance } from "./optimizer.ts";

const backend = interpreter();
const { chain, masked, sgd, transform } = ours;

const acme = ours.defineOptimizer({
  name: "acme.momentum",
  version: 1,
  defaults: { learningRate: 0.01, mu: 0.9 },
  slots: (param) => ({ velocity: zerosLike(param) }),
  update({ param, grad, slots, learningRate, mu }) {
    const velocity = slots.velocity.mul(mu).add(grad);
    return { param: param.sub(velocity.mul(learningRate)), slots: { velocity } };
  },
});

const good: Readonly<Record<string, () => OptimizerLike>> = {
  sgd: ours.sgd,
  momentum: ours.momentum,
  nesterov: ours.nesterov,
  adagrad: ours.adagrad,
  rmsprop: ours.rmsprop,
  "rmsprop, centered": () => ours.rmsprop({ centered: true, momentum: 0.5 }),
  adam: ours.adam,
  adamw: ours.adamw,
  "a rule of a third party": acme,
  "a clipped chain": () => chain(ours.clipByGlobalNorm(1), ours.clipByValue(0.5), ours.clipByNorm(1), ours.adam()),
  "a schedule": () => sgd({ learningRate: ours.warmup(10, ours.cosineDecay(0.1, { steps: 1000 })) }),
  accumulation: () => ours.accumulate(3, ours.adam({ learningRate: 0.01 })),
  "parameter groups": () =>
    ours.parameterGroups([
      [(path) => path.startsWith("dense"), ours.adam()],
      ["*", sgd()],
    ]),
  "a masked link": () =>
    chain(
      masked(ours.addDecayedWeights(0.01), (_path, p) => p.rank > 1),
      sgd(),
    ),
};

test.each(Object.keys(good))("%s keeps every promise", async (name) => {
  const { cells } = await optimizerConformance(good[name]!, { backend });
  expect(cells.filter(({ status }) => status === "fail")).toEqual([]);
  const unsupported = cells.filter(({ status }) => status === "unsupported").map(({ check }) => check);
  expect(unsupported).toEqual(
    ["a schedule", "parameter groups"].includes(name) ? ["a learning rate of 0 stops it, without another program"] : [],
  );
});

test("Adam keeps them on another backend too", async () => {
  const { failures } = await optimizerConformance(ours.adam, { backend: cpuJs() });
  expect(failures).toEqual([]);
});

const map = (f: (t: Tensor) => Tensor, tree: TensorTree): TensorTree => treeMap(f, tree) as TensorTree;
const rated = (g: Tensor): Tensor => g.mul(-0.01);
type Counter = { n: Tensor };

/** Gradient descent with something wrong in it. */
function broken(rule: Partial<ours.TransformRule>): OptimizerLike {
  return transform({
    init: () => null,
    update: (grads: TensorTree) => [map(rated, grads), null],
    ...rule,
  } as ours.TransformRule);
}

/** A binding of its own: what `bind` might get wrong. */
const binding = (bind: (inner: ReturnType<ours.Transform["bind"]>, target: VariableTree) => object): OptimizerLike => {
  const inner = ours.momentum();
  return {
    init: (params) => inner.init(params),
    update: (grads, state, params) => inner.update(grads, state, params),
    bind: (target: HasVariables) => {
      const bound = inner.bind(target);
      const own = bind(bound, variablesOf(target));
      const plain = { apply: (g: object | null) => bound.apply(g), [variables]: () => bound[variables]() };
      return Object.defineProperties(plain, Object.getOwnPropertyDescriptors(own)) as never;
    },
  };
};

describe("a broken optimizer is found out:", () => {
  let calls = 0;
  let remembered: Tensor = zeros([]);
  const cases: readonly (readonly [title: string, make: () => OptimizerLike, check: string])[] = [
    [
      "one that goes uphill",
      () => broken({ update: (g) => [map((x) => x.mul(0.01), g), null] }),
      "it minimises a quadratic",
    ],
    ["one that stays", () => broken({ update: (g) => [map(zerosLike, g), null] }), "it minimises a quadratic"],
    ["one whose steps are too long", () => sgd({ learningRate: 3 }), "it minimises a quadratic"],
    [
      "one that counts calls",
      () => broken({ update: (g) => [map((x) => x.mul(-0.001 * ++calls), g), null] }),
      "update is pure",
    ],
    [
      "one that keeps state beside the state",
      () =>
        broken({
          update(g) {
            const before = remembered;
            remembered = (treeLeaves<unknown>(g)[0] as Tensor).sum();
            return [map((x) => rated(x).add(before), g), null];
          },
        }),
      "update is pure",
    ],
    [
      "one that begins at random",
      () => broken({ init: () => ({ n: tensor(Math.random()) }), update: (g, s) => [map(rated, g), s] }),
      "init gives the same",
    ],
    [
      "one that begins with NaN",
      () => broken({ init: () => ({ n: constant(NaN) }), update: (g, s) => [map(rated, g), s] }),
      "init gives the same",
    ],
    [
      "one that turns a slot into another dtype",
      () =>
        broken({
          init: () => ({ n: zeros([], "int32") }),
          update: (g, s: Counter) => [map(rated, g), { n: s.n.add(0.5) }],
        }),
      "update keeps structure",
    ],
    [
      "one whose state grows",
      () => broken({ init: () => [], update: (g, s: Tensor[]) => [map(rated, g), [...s, zeros([])]] }),
      "update keeps structure",
    ],
    [
      "one that forgets a parameter",
      () => broken({ update: (g) => [(Array.isArray(g) ? [] : { ...(g as object), list: [] }) as TensorTree, null] }),
      "update keeps structure",
    ],
    [
      "one that mixes shapes",
      () => broken({ update: (g) => [map((x) => x.mul(-0.01).add(zeros([2, 2, 2])), g), null] }),
      "update keeps structure",
    ],
    [
      "one that divides by the gradient",
      () => broken({ update: (g) => [map((x) => x.div(x.abs()).mul(-0.01), g), null] }),
      "gradients of zero give no NaN",
    ],
    [
      "one whose slots overflow 16 bits",
      () =>
        broken({
          init: (p) => map(zerosLike, p),
          update: (g, s) => {
            const big = map((v) => v.add(60000), s);
            return [map(rated, g), big];
          },
        }),
      "16-bit parameters keep their dtype",
    ],
    [
      "one whose step is not its update",
      () =>
        broken({
          step: (g, _s, p) => [treeMap((x: Tensor, y: Tensor) => x.sub(y.mul(0.02)), p, g) as TensorTree, null],
        }),
      "bound, it adds the updates",
    ],
    [
      "one that counts on the host",
      () => {
        let t = 0;
        return binding((bound, target) => ({
          apply(grads: object) {
            if (++t % 2 === 0) bound.apply(grads);
            else bound.apply(treeMap((v: Variable) => zerosLike(v), target) as object);
          },
        }));
      },
      "compiled it does what it does outside",
    ],
    [
      "one whose slots have no names",
      () => binding(() => ({ [variables]: () => [variable(1), variable(2, { role: "slot" })] })),
      "its slots are named Variables",
    ],
    [
      "one that moves what is frozen",
      () =>
        binding((bound, target) => ({
          apply(grads: object) {
            bound.apply(grads);
            const { frozen } = target as { frozen?: Variable };
            frozen?.assign(frozen.value.mul(0.99));
          },
        })),
      "what is frozen stays",
    ],
    [
      "one whose rate is a constant of the graph",
      () =>
        binding(() => ({
          get learningRate() {
            return tensor(1);
          },
          set learningRate(_rate) {},
        })),
      "a learning rate of 0 stops it",
    ],
    [
      "one that draws numbers on the host in each step",
      () =>
        binding((bound) => ({
          apply: (grads: object) =>
            bound.apply(
              treeMap(
                (g: Tensor) => g.add(randomUniform(tensor(Uint32Array.of(1, calls++)), g.shape)),
                grads as never,
              ) as object,
            ),
        })),
      "compiled it does what it does outside",
    ],
  ];

  test.each(cases)("%s", async (_title, make, check) => {
    const { failures } = await optimizerConformance(make, { backend });
    expect(failures.map((cell) => cell.check).filter((title) => title.startsWith(check))).toHaveLength(1);
  });
});

test("a report says what went wrong, check by check", async () => {
  const report = await optimizerConformance(() => broken({ update: (g) => [map(zerosLike, g), null] }), {
    backend,
    seed: 7,
  });
  expect(report.summary()).toMatchInlineSnapshot(`
    "✓ init gives the same state every time, of finite tensors
    ✓ update is pure: the same arguments give the same results, whatever came between
    ✓ update keeps structure, shapes and dtypes
    ✓ 16-bit parameters keep their dtype
    ✓ bound, it adds the updates to the parameters
    ✓ its slots are named Variables that are not trained
    ✓ compiled it does what it does outside, in one program
    ✓ a saved step goes on equally
    ✓ gradients of zero give no NaN
    ✓ what is frozen stays, and has no slots
    – a learning rate of 0 stops it, without another program
      Error: the learning rate cannot be set: E443 learningRate: the optimizer has 0 learning rates.
        fix: put scaleByLearningRate(…) at the end of the chain.
    ✗ it minimises a quadratic
      from 4.5 it comes to 4.5 in 300 steps"
  `);
  await expect(optimizerConformance(sgd, { sead: 1 } as object)).rejects.toThrow("did you mean seed?");
  await expect(optimizerConformance(sgd() as never)).rejects.toThrow("make is");
});
