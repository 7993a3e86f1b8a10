import { accumulator, constant, equal, type Tensor, type TensorTree, where, zeros } from "@tenon/tensor";
import { treeMap } from "@tenon/tree";
import { COUNT, checkNumber } from "./range.ts";
import { Transform, type TransformRule, transform } from "./transform.ts";

export type AccumulateState<State extends TensorTree> = { count: Tensor; sum: TensorTree; inner: State };

/**
 * Takes a step of `rule` every `steps` calls, with the mean of their gradients, `g = Σ g_i / n`: the step of a batch that
 * is `steps` times as large, in the memory of a small one. In the calls between, parameters and state stay as they are.
 *
 * Every call is the same program: the step is computed each time, and `select` decides whether it counts.
 */
export function accumulate<State extends TensorTree>(
  steps: number,
  rule: TransformRule<State>,
): Transform<AccumulateState<State>> {
  checkNumber("accumulate", "steps", steps, COUNT);
  const inner = transform(rule);
  const gathered = (grads: TensorTree, state: AccumulateState<State>) => {
    const count = state.count.add(1);
    const due = equal(count, steps);
    const sum = treeMap((s: Tensor, g: Tensor) => s.add(g), state.sum, grads) as TensorTree;
    const mean = treeMap((s: Tensor) => s.div(steps), sum) as TensorTree;
    const after = (next: State): AccumulateState<State> => ({
      count: where(due, 0, count),
      sum: treeMap((s: Tensor) => where(due, 0, s), sum) as TensorTree,
      inner: chosen(due, next, state.inner) as State,
    });
    return { due, mean, after };
  };
  return new Transform<AccumulateState<State>>({
    name: inner.name,
    isOptimizer: inner.isOptimizer,
    init: (params) => ({
      count: constant(0, [], "int32"),
      sum: treeMap((p: Tensor) => zeros(p.shape, accumulator(p.dtype)), params) as TensorTree,
      inner: inner.init(params),
    }),
    update(grads, state, params) {
      const { due, mean, after } = gathered(grads, state);
      const [updates, next] = inner.update(mean, state.inner, params);
      return [treeMap((u: Tensor) => where(due, u, 0), updates) as TensorTree, after(next)];
    },
    step(grads, state, params) {
      const { due, mean, after } = gathered(grads, state);
      const [stepped, next] = inner.step(mean, state.inner, params);
      return [chosen(due, stepped, params), after(next)];
    },
  });
}

/** `now` where the condition holds, `before` elsewhere; a leaf that has not changed stays the same tensor. */
const chosen = (condition: Tensor, now: TensorTree, before: TensorTree): TensorTree =>
  treeMap((x: Tensor, y: Tensor) => (x === y ? y : where(condition, x, y)), now, before) as TensorTree;
