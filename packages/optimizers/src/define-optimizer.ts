import {
  checkFunction,
  checkOptions,
  composite,
  OptionError,
  ShapeError,
  sameShape,
  Tensor,
  type TensorTree,
  typeText,
  valueText,
} from "@tenon/tensor";
import { treeMap } from "@tenon/tree";
import { checkRate, initialRate, type LearningRate, nextRate, type RateState } from "./learning-rate.ts";
import { checkNames, checkNumber } from "./range.ts";
import { Transform } from "./transform.ts";

export type Settings = { readonly learningRate: number } & Readonly<Record<string, number | boolean | string>>;
export type Slots = Readonly<Record<string, Tensor>>;

/** A rule for one parameter. */
export interface OptimizerDefinition<D extends Settings, S extends Slots> {
  /** `namespace.name`, under which a backend may know the rule. */
  readonly name: string;
  /** Of the rule; another meaning needs another version. */
  readonly version: number;
  /** The options and their values where none are given; one is `learningRate`. */
  readonly defaults: D;
  /** What is kept for a parameter from step to step, before the first one; nothing by default. */
  readonly slots?: (param: Tensor) => S;
  /** The parameter and its slots after a step. Uses nothing but what it is given. */
  update(
    step: { readonly param: Tensor; readonly grad: Tensor; readonly slots: S; readonly learningRate: Tensor } & Omit<
      D,
      "learningRate"
    >,
  ): { readonly param: Tensor; readonly slots?: S };
}

/** The options of a defined optimizer: its defaults, with the learning rate as in every optimizer. */
export type OptionsOf<D extends Settings> = {
  readonly [K in keyof D]?: K extends "learningRate" ? LearningRate : D[K];
};

/**
 * An optimizer from a rule for one parameter. The rule is recorded once per parameter as the op `name@version`, with what it
 * does inside: a step that is saved runs without the package, and a backend that knows the name may do it faster.
 */
export function defineOptimizer<D extends Settings, S extends Slots>(
  definition: OptimizerDefinition<D, S>,
): (options?: OptionsOf<D>) => Transform<[rate: RateState, slots: TensorTree]> {
  checkOptions("defineOptimizer", definition, ["name", "version", "defaults", "slots", "update"]);
  const { name, version, defaults, slots: slotsOf = () => ({}) as S } = definition;
  checkFunction("defineOptimizer", "update", definition.update);
  checkFunction("defineOptimizer", "slots", slotsOf);
  checkOptions("defineOptimizer", defaults, Object.keys(defaults ?? {}));
  checkNumber("defineOptimizer", "defaults.learningRate", defaults.learningRate, {});

  return (options = {}) => {
    checkNames(name, options, Object.keys(defaults));
    const { learningRate, ...settings } = { ...defaults, ...options } as D & { learningRate: LearningRate };
    checkRate(name, learningRate);
    for (const [key, value] of Object.entries(settings)) checkSetting(name, key, value, defaults[key]);
    const one = (param: Tensor, grad: Tensor, rate: Tensor, slots: S): Stepped<S> => {
      const names = Object.keys(slots) as (keyof S & string)[];
      const body = (p: Tensor, g: Tensor, r: Tensor, ...values: Tensor[]): Tensor[] => {
        const given = Object.fromEntries(names.map((key, i) => [key, values[i]!])) as unknown as S;
        const { learningRate: _, ...rest } = settings as unknown as D;
        const next = definition.update({ ...rest, param: p, grad: g, slots: given, learningRate: r });
        const after = (next?.slots ?? {}) as S;
        checkOptions(name, after, names);
        return [
          kept(name, "param", next?.param, p),
          ...names.map((key, i) => kept(name, `slots.${key}`, after[key], values[i]!)),
        ];
      };
      const operands = [param, grad, rate, ...names.map((key) => slots[key]!)];
      const [next, ...values] = composite({ name, version, attrs: { ...settings } }, body, operands);
      return { param: next!, slots: Object.fromEntries(names.map((key, i) => [key, values[i]!])) as unknown as S };
    };
    const step = (grads: TensorTree, [rateState, slots]: [RateState, TensorTree], params: TensorTree) => {
      const [rate, nextState] = nextRate(learningRate, rateState);
      const stepped = treeStep(params, grads, slots, (p, g, s) => one(p, g, rate, s as S));
      return [stepped.params, [nextState, stepped.slots] as [RateState, TensorTree]] as const;
    };
    return new Transform<[RateState, TensorTree]>({
      ...{ name, isOptimizer: true, step },
      init: (params) => [
        initialRate(learningRate),
        treeMap((p: Tensor) => checkedSlots(name, slotsOf(p)), params) as TensorTree,
      ],
      update(grads, state, params) {
        const [stepped, next] = step(grads, state, params);
        return [treeMap((after: Tensor, before: Tensor) => after.sub(before), stepped, params) as TensorTree, next];
      },
    });
  };
}

interface Stepped<S> {
  readonly param: Tensor;
  readonly slots: S;
}

/** Walks trees of parameters, gradients, and records of slots side by side. */
function treeStep(
  params: TensorTree,
  grads: TensorTree,
  slots: TensorTree,
  one: (param: Tensor, grad: Tensor, slots: Slots) => Stepped<Slots>,
): { params: TensorTree; slots: TensorTree } {
  if (params === null) return { params: null, slots: null };
  if (params instanceof Tensor) {
    const next = one(params, grads as Tensor, slots as Slots);
    return { params: next.param, slots: next.slots };
  }
  const children = Object.keys(params).map((key) => {
    const [p, g, s] = [params, grads, slots].map((tree) => (tree as Record<string, TensorTree>)[key]!);
    return [key, treeStep(p!, g!, s!, one)] as const;
  });
  const part = (name: "params" | "slots"): TensorTree =>
    Array.isArray(params)
      ? children.map(([, child]) => child[name])
      : Object.fromEntries(children.map(([key, child]) => [key, child[name]]));
  return { params: part("params"), slots: part("slots") };
}

function checkSetting(op: string, key: string, value: unknown, example: unknown): void {
  if (typeof value === typeof example && (typeof value !== "number" || Number.isFinite(value))) return;
  throw new OptionError("E803", op, `${key} is ${valueText(value)}`, {
    fix: `give a ${typeof example}, such as ${valueText(example)}`,
  });
}

function checkedSlots(op: string, slots: Slots): Slots {
  for (const [key, value] of Object.entries(slots)) {
    if (value instanceof Tensor) continue;
    throw new OptionError("E803", op, `the slot ${key} begins as ${valueText(value)}, which is no tensor`, {
      fix: "return a record of tensors from slots, such as { velocity: zerosLike(param) }",
    });
  }
  return slots;
}

/** What the rule gives, in the dtype of what was there before; the shape is the rule's affair. */
function kept(op: string, what: string, value: unknown, before: Tensor): Tensor {
  if (value instanceof Tensor && sameShape(value.shape, before.shape)) return value.cast(before.dtype);
  const found = value instanceof Tensor ? typeText(value) : valueText(value);
  throw new ShapeError("E202", op, `update gives ${found} for ${what}, which is ${typeText(before)}`, {
    fix: "return { param, slots } with the shapes that were given",
  });
}
