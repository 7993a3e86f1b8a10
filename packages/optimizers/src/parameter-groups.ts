import { checkList, OptionError, type Tensor, type TensorTree } from "@tenon/tensor";
import { treeEntries, treeLeaves } from "@tenon/tree";
import { atPlacesOf, merged, pathsText, type Selection, selectedOf } from "./selection.ts";
import { Transform, type TransformRule, transform } from "./transform.ts";

/**
 * Different transforms for different parameters: `parameterGroups([["head", adam()], ["*", sgd()]])`.
 *
 * A parameter belongs to the first group that it fits, and there must be one. Its state is the list of the groups' states.
 */
export function parameterGroups(
  groups: readonly (readonly [selection: Selection, rule: TransformRule])[],
): Transform<readonly TensorTree[]> {
  checkList("parameterGroups", "groups", groups, '[["head", adam()], ["*", sgd()]]');
  const transforms = groups.map(([, rule]: readonly [Selection, TransformRule<TensorTree>]) => transform(rule));
  const partsOf = (params: TensorTree): readonly TensorTree[] => {
    let left = params;
    const parts = groups.map(([selection]) => {
      const chosen = treeLeaves<unknown>(left).length === 0 ? left : selectedOf("parameterGroups", selection, left);
      left = without(left, chosen);
      return chosen;
    });
    if (treeLeaves<unknown>(left).length === 0) return parts;
    throw new OptionError("E803", "parameterGroups", "some parameters are in no group", {
      operands: { parameters: pathsText(left) },
      fix: 'add a last group for all others, as in ["*", sgd()]',
    });
  };
  const each = (kind: "update" | "step", grads: TensorTree, states: readonly TensorTree[], params: TensorTree) => {
    let result = kind === "step" ? params : grads;
    const next = partsOf(params).map((chosen, i) => {
      const [part, state] = transforms[i]![kind](atPlacesOf(chosen, grads), states[i]!, chosen);
      result = merged("parameterGroups", result, chosen, part);
      return state;
    });
    return [result, next] as const;
  };
  return new Transform<readonly TensorTree[]>({
    isOptimizer: transforms.every((t) => t.isOptimizer === true)
      ? true
      : transforms.find((t) => t.isOptimizer !== true)?.isOptimizer,
    init: (params) => partsOf(params).map((chosen, i) => transforms[i]!.init(chosen)),
    update: (grads, states, params) => each("update", grads, states, params),
    step: (grads, states, params) => each("step", grads, states, params),
  });
}

/** `tree` with null in place of what was chosen. */
function without(tree: TensorTree, chosen: TensorTree): TensorTree {
  const places = new Set((treeEntries<unknown>(chosen) as [string, Tensor][]).map(([path]) => path));
  return selectedOf("parameterGroups", (path) => !places.has(path), tree);
}
