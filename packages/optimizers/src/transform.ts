import {
  checkFunction,
  checkOptions,
  type HasVariables,
  StateError,
  type Tensor,
  type TensorTree,
} from "@tenon/tensor";
import { treeMap } from "@tenon/tree";
import { type BindOptions, BoundOptimizer } from "./bound-optimizer.ts";

/** What a transform does, as pure functions over trees of tensors. */
export interface TransformRule<State extends TensorTree = any> {
  /** First word of the names of its slots. */
  readonly name?: string | undefined;
  /**
   * Whether the updates are to be added to the parameters: true once a learning rate has scaled them, false for a link
   * that leaves them gradients, undefined where only the author knows.
   */
  readonly isOptimizer?: boolean | undefined;
  /** The state before the first step. */
  init(params: TensorTree): State;
  /** From gradients, or what the link before made of them, to updates, which are added to the parameters. */
  update(grads: TensorTree, state: State, params: TensorTree): readonly [updates: TensorTree, state: State];
  /** As `update`, but gives the parameters afterwards; for a rule that computes them at once. */
  step?(grads: TensorTree, state: State, params: TensorTree): readonly [params: TensorTree, state: State];
}

/**
 * A gradient transform: `init(params) → state` and `update(grads, state, params) → [updates, state]`, both pure, written
 * with tensor methods, so that they compile into the training step. `bind` gives it state of its own.
 */
export class Transform<State extends TensorTree = TensorTree> implements TransformRule<State> {
  readonly name: string | undefined;
  readonly isOptimizer: boolean | undefined;
  private readonly rule: TransformRule<State>;

  constructor(rule: TransformRule<State>) {
    this.name = rule.name;
    this.isOptimizer = rule.isOptimizer;
    this.rule = rule;
  }

  init(params: TensorTree): State {
    return this.rule.init(params);
  }

  update(grads: TensorTree, state: State, params: TensorTree): readonly [updates: TensorTree, state: State] {
    return this.rule.update(grads, state, params);
  }

  /** The parameters after a step: those of a rule that computes them at once, or the updates added to them. */
  step(grads: TensorTree, state: State, params: TensorTree): readonly [params: TensorTree, state: State] {
    if (this.rule.step !== undefined) return this.rule.step(grads, state, params);
    const [updates, next] = this.update(grads, state, params);
    return [addUpdates(params, updates), next];
  }

  /**
   * An optimizer of `target`, a tree of Variables or an object that shows them: the leaves of the state become Variables.
   * Those that are not trainable are left out.
   */
  bind(target: HasVariables, options: BindOptions = {}): BoundOptimizer {
    return new BoundOptimizer(this as unknown as Transform, target, options);
  }

  apply(_grads?: unknown): never {
    throw unbound("apply");
  }

  get learningRate(): never {
    throw unbound("learningRate");
  }
}

/** A transform from its two functions. A link that only works on gradients keeps no state: its `init` returns null. */
export function transform<State extends TensorTree>(rule: TransformRule<State>): Transform<State> {
  if (rule instanceof Transform) return rule as Transform<State>;
  checkOptions("transform", rule, ["name", "isOptimizer", "init", "update", "step"]);
  checkFunction("transform", "init", rule.init);
  checkFunction("transform", "update", rule.update);
  return new Transform(rule);
}

/** A link without state that leaves gradients what they are: something to be scaled by a learning rate later. */
export const stateless = (
  name: string,
  update: (grads: TensorTree, params: TensorTree) => TensorTree,
): Transform<null> =>
  new Transform<null>({
    ...{ name, isOptimizer: false },
    init: () => null,
    update: (grads, _state, params) => [update(grads, params), null],
  });

/** `param + update` in the wider dtype of the two, and then in the parameter's. */
export const addUpdates = (params: TensorTree, updates: TensorTree): TensorTree =>
  treeMap((p: Tensor, u: Tensor) => p.add(u).cast(p.dtype), params, updates) as TensorTree;

const unbound = (what: string): StateError =>
  new StateError("E441", what, "the optimizer is not bound to parameters", {
    fix: "bind it first, as in const optimizer = adam().bind(model)",
  });
