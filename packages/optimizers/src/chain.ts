import { checkList, OptionError, type TensorTree } from "@tenon/tensor";
import { Transform, type TransformRule, transform } from "./transform.ts";

/** The states of a list of links. */
export type StatesOf<Links extends readonly TransformRule[]> = {
  -readonly [I in keyof Links]: Links[I] extends TransformRule<infer State> ? State : never;
};

/**
 * One transform after the other: each takes what the one before made of the gradients. Its state is the list of theirs.
 *
 * A learning rate, or an optimizer that has one, may stand in it once; clipping goes before it.
 */
export function chain<const Links extends readonly TransformRule[]>(...links: Links): Transform<StatesOf<Links>> {
  return chainAs(undefined, ...links);
}

/** A chain whose slots are named after it. */
export function chainAs<const Links extends readonly TransformRule[]>(
  name: string | undefined,
  ...given: Links
): Transform<StatesOf<Links>> {
  const links = given.map((link: TransformRule<TensorTree>) => transform(link));
  checkList("chain", "links", links, "chain(clipByGlobalNorm(1), adam())");
  if (links.length === 0)
    throw new OptionError("E803", "chain", "there are no links", { fix: "give at least one transform" });
  const optimizers = links.filter((link) => link.isOptimizer === true);
  if (optimizers.length > 1) {
    throw new OptionError("E803", "chain", `${optimizers.length} links scale by a learning rate`, {
      fix: "keep one; for parameters that are to be treated differently use parameterGroups",
    });
  }
  /** The links from the first on, and where their gradients end up; the last one, if it is wanted, is left to the caller. */
  const run = (grads: TensorTree, states: readonly TensorTree[], params: TensorTree, count: number) => {
    const next: TensorTree[] = [];
    for (const [i, link] of links.slice(0, count).entries()) {
      const [updates, state] = link.update(grads, states[i]!, params);
      grads = updates;
      next.push(state);
    }
    return { grads, next };
  };
  return new Transform<readonly TensorTree[]>({
    name: name ?? optimizers[0]?.name,
    isOptimizer: optimizers.length > 0 || (links.some((link) => link.isOptimizer === undefined) ? undefined : false),
    init: (params) => links.map((link) => link.init(params)),
    update(grads, states, params) {
      const { grads: updates, next } = run(grads, states, params, links.length);
      return [updates, next];
    },
    step(grads, states, params) {
      const { grads: last, next } = run(grads, states, params, links.length - 1);
      const [stepped, state] = links.at(-1)!.step(last, states.at(-1)!, params);
      return [stepped, [...next, state]];
    },
  }) as unknown as Transform<StatesOf<Links>>;
}
