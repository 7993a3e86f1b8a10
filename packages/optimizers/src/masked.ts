import { type Tensor, type TensorTree, zerosLike } from "@tenon/tensor";
import { treeMap } from "@tenon/tree";
import { atPlacesOf, merged, type Selection, selectedOf } from "./selection.ts";
import { addUpdates, Transform, type TransformRule, transform } from "./transform.ts";

/**
 * A transform for some parameters only: `masked(addDecayedWeights(0.01), "*.weight")`. It keeps no slots for the others.
 *
 * What is not meant passes a link unchanged. An optimizer leaves it as it is: the parameters do not move.
 */
export function masked<State extends TensorTree>(rule: TransformRule<State>, selection: Selection): Transform<State> {
  const inner = transform(rule);
  const rest = (updates: TensorTree): TensorTree =>
    inner.isOptimizer === true ? (treeMap((u: Tensor) => zerosLike(u), updates) as TensorTree) : updates;
  return new Transform<State>({
    name: inner.name,
    isOptimizer: inner.isOptimizer,
    init: (params) => inner.init(selectedOf("masked", selection, params)),
    update(grads, state, params) {
      const chosen = selectedOf("masked", selection, params);
      const [updates, next] = inner.update(atPlacesOf(chosen, grads), state, chosen);
      return [merged("masked", rest(grads), chosen, updates), next];
    },
    step(grads, state, params) {
      const chosen = selectedOf("masked", selection, params);
      const [stepped, next] = inner.step(atPlacesOf(chosen, grads), state, chosen);
      const others = inner.isOptimizer === true ? params : addUpdates(params, grads);
      return [merged("masked", others, chosen, stepped), next];
    },
  });
}
