import {
  compile,
  loadStep,
  type Tensor,
  type TensorTree,
  tensor,
  type Variable,
  type VariableTree,
  valueAndGrad,
  variable,
  variables,
  variablesOf,
  zerosLike,
} from "@tenon/tensor";
import { treeLeaves, treeMap } from "@tenon/tree";
import { type BoundLike, NotApplicable, type OptimizerKit, type OptimizerLike } from "./optimizer.ts";
import {
  currentValues,
  distances,
  drawTree,
  inequalities,
  infinities,
  numbersOf,
  otherTypes,
  variablesLike,
} from "./optimizer-trees.ts";
import { parity } from "./tolerance.ts";

/** What yields problems. */
type Check = (kit: OptimizerKit) => Promise<readonly string[]>;

/** Trees of gradients, in a type that is not recursive. */
type Grads = Readonly<Record<string, Tensor>>;

const STEPS = 6;

/** The checks, by the sentence that they hold an optimizer to. */
export const optimizerChecks: Readonly<Record<string, Check>> = {
  "init gives the same state every time, of finite tensors": async ({ make, seed }) => {
    const params = drawTree(seed, "parameters");
    const optimizer = make();
    const [one, two, other] = [optimizer.init(params), optimizer.init(params), make().init(params)];
    const numbers = await numbersOf(one);
    return [
      ...inequalities("the second state", numbers, await numbersOf(two)),
      ...inequalities("the state of another one", numbers, await numbersOf(other)),
      ...infinities("the state", numbers),
    ];
  },

  "update is pure: the same arguments give the same results, whatever came between": async ({ make, seed }) => {
    const [params, grads, others] = ["parameters", "gradients", "others"].map((name) => drawTree(seed, name));
    const optimizer = make();
    const state = optimizer.init(params!);
    const run = async (of: OptimizerLike) => {
      const [updates, next] = of.update(grads!, state as never, params!);
      return [await numbersOf(updates), await numbersOf(next)] as const;
    };
    const before = await numbersOf(state);
    const first = await run(optimizer);
    const [, moved] = optimizer.update(others!, state as never, params!);
    optimizer.update(grads!, moved as never, others!);
    const [second, fresh] = [await run(optimizer), await run(make())];
    return [
      ...inequalities("updates, the second time", first[0], second[0]),
      ...inequalities("the state, the second time", first[1], second[1]),
      ...inequalities("updates of another one", first[0], fresh[0]),
      ...inequalities("the state that was given, afterwards", before, await numbersOf(state)),
    ];
  },

  "update keeps structure, shapes and dtypes": async ({ make, seed }) => {
    const params = drawTree(seed, "parameters");
    const optimizer = make();
    const state = optimizer.init(params);
    const [updates, next] = optimizer.update(drawTree(seed, "gradients"), state as never, params);
    return [...otherTypes("updates", params, updates), ...otherTypes("the state", state, next)];
  },

  "16-bit parameters keep their dtype": async ({ make, seed }) => {
    const target = variablesLike(drawTree(seed, "parameters", "float16"));
    const bound = make().bind(target);
    const types = currentValues(variablesOf(bound));
    for (let i = 0; i < STEPS; i++) bound.apply(drawTree(seed, `gradients ${i}`, "float16") as object);
    const after = currentValues(target);
    return [
      ...otherTypes("the state", types, currentValues(variablesOf(bound))),
      ...infinities("parameters", await numbersOf(after)),
      ...infinities("the state", await numbersOf(currentValues(variablesOf(bound)))),
    ];
  },

  "bound, it adds the updates to the parameters": async ({ make, seed }) => {
    const optimizer = make();
    let params = drawTree(seed, "parameters");
    let state = optimizer.init(params);
    const target = variablesLike(params);
    const bound = make().bind(target);
    for (let i = 0; i < STEPS; i++) {
      const grads = drawTree(seed, `gradients ${i}`);
      const [updates, next] = optimizer.update(grads, state as never, params);
      params = treeMap((p: Tensor, u: Tensor) => p.add(u).cast(p.dtype), params, updates) as TensorTree;
      state = next;
      bound.apply(grads);
    }
    const slots = currentValues(variablesOf(bound));
    return [
      ...distances("parameters", await numbersOf(params), await numbersOf(currentValues(target)), parity.forward),
      ...distances("the state", await numbersOf(state), await numbersOf(slots), parity.forward),
    ];
  },

  "its slots are named Variables that are not trained": async ({ make, seed }) => {
    const slots = leavesOf(make().bind(variablesLike(drawTree(seed, "parameters"))));
    const names = slots.map(({ name }) => name);
    return [
      ...slots.flatMap(({ name, role }) => (role === "slot" ? [] : [`${name} has the role ${role}, not slot`])),
      ...slots.flatMap(({ name, trainable }) => (trainable ? [`${name} is trainable`] : [])),
      ...names.flatMap((name, i) => (name === undefined ? [`slot ${i} has no name`] : [])),
      ...names.flatMap((name, i) => (names.indexOf(name) === i ? [] : [`two slots are called ${name}`])),
    ];
  },

  "compiled it does what it does outside, in one program": async ({ make, seed }) => {
    const [outside, inside] = [0, 1].map(() => variablesLike(drawTree(seed, "parameters"))) as [
      VariableTree,
      VariableTree,
    ];
    const [eager, bound] = [make().bind(outside), make().bind(inside)];
    let traced = 0;
    const step = compile((grads: Grads) => {
      traced++;
      bound.apply(grads);
    });
    for (let i = 0; i < STEPS; i++) {
      const grads = drawTree(seed, `gradients ${i}`);
      eager.apply(grads as object);
      await step(grads as never);
    }
    const [there, here] = await Promise.all([outside, inside].map((tree) => numbersOf(currentValues(tree))));
    return [
      ...distances("parameters", there!, here!, parity.forward),
      ...(traced === 1 ? [] : [`it was traced ${traced} times in ${STEPS} steps`]),
    ];
  },

  "a saved step goes on equally": async ({ make, seed }) => {
    const target = variablesLike(drawTree(seed, "parameters"));
    const bound = make().bind(target);
    const step = compile((grads: Grads) => {
      bound.apply(grads);
      return currentValues(target) as Grads;
    });
    const next = (i: number) => drawTree(seed, `gradients ${i}`) as never;
    for (let i = 0; i < STEPS; i++) await step(next(i));
    const loaded = await loadStep(await step.save());
    const problems: string[] = [];
    for (let i = STEPS; i < 2 * STEPS && problems.length === 0; i++) {
      const [here, there] = [await step(next(i)), await loaded(next(i))];
      problems.push(
        ...inequalities(`step ${i + 1}`, await numbersOf(here as TensorTree), await numbersOf(there as TensorTree)),
      );
    }
    return problems;
  },

  "gradients of zero give no NaN": async ({ make, seed }) => {
    const target = variablesLike(drawTree(seed, "parameters"));
    const bound = make().bind(target);
    for (let i = 0; i < STEPS; i++) bound.apply(treeMap((v: Variable) => zerosLike(v), target) as object);
    return [
      ...infinities("parameters", await numbersOf(currentValues(target))),
      ...infinities("the state", await numbersOf(currentValues(variablesOf(bound)))),
    ];
  },

  "what is frozen stays, and has no slots": async ({ make }) => {
    const [frozen, learned] = [
      variable([1, 2, 3], { name: "frozen", trainable: false }),
      variable([1, -2], { name: "learned" }),
    ];
    const bound = make().bind({ frozen, learned });
    for (let i = 0; i < 2 * STEPS; i++) bound.apply({ learned: tensor([0.5, -1]) });
    const sized = leavesOf(bound).filter(({ shape }) => shape[0] === frozen.shape[0]);
    return [
      ...sized.map(({ name }) => `${name} has the shape of a frozen parameter`),
      ...inequalities(
        "frozen",
        new Map([["value", [1, 2, 3]]]),
        new Map([["value", Array.from(await frozen.value.data(), Number)]]),
      ),
    ];
  },

  "a learning rate of 0 stops it, without another program": async ({ make, seed }) => {
    const target = variablesLike(drawTree(seed, "parameters"));
    const bound = make().bind(target);
    let traced = 0;
    const step = compile((grads: Grads) => {
      traced++;
      bound.apply(grads);
    });
    await step(drawTree(seed, "gradients") as never);
    const before = await numbersOf(currentValues(target));
    stop(bound);
    for (let i = 0; i < STEPS; i++) await step(drawTree(seed, `gradients ${i}`) as never);
    return [
      ...inequalities("parameters", before, await numbersOf(currentValues(target))),
      ...(traced === 1 ? [] : [`it was traced ${traced} times`]),
    ];
  },

  "it minimises a quadratic": async ({ make }) => {
    const target = [1, -2, 0.5, 3];
    const p = variable(
      target.map((t) => t + 1),
      { name: "p" },
    );
    const bound = make().bind(p);
    const step = compile(() => {
      const error = () =>
        p.value
          .sub(tensor(target))
          .square()
          .mul(tensor([0.5, 1, 2, 1]))
          .sum();
      const [loss, gradient] = valueAndGrad(error, p);
      bound.apply(gradient);
      return loss;
    });
    const first = Number(await (await step()).item());
    let last = first;
    for (let i = 1; i < QUADRATIC_STEPS; i++) last = Number(await (await step()).item());
    return last < WANTED_SHARE * first ? [] : [`from ${first} it comes to ${last} in ${QUADRATIC_STEPS} steps`];
  },
};

const QUADRATIC_STEPS = 300;
const WANTED_SHARE = 0.95; // of the first loss: most optimizers come near 0, those of small steps at least nearer

const leavesOf = (bound: BoundLike): Variable[] => treeLeaves<unknown>(bound[variables]()) as Variable[];

/** Sets the learning rate to 0, where there is one that can be set. */
function stop(bound: BoundLike): void {
  try {
    bound.learningRate = 0;
  } catch (error) {
    throw new NotApplicable(
      `the learning rate cannot be set: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (typeof bound.learningRate === "number") throw new NotApplicable("the optimizer has no learning rate");
}
