import { barrier, composite, isFloat, type Tensor, trace } from "@tenon/ir";
import { treeUnflatten } from "@tenon/tree";
import { type Flat, flatten } from "./arguments.ts";
import { backward } from "./vjp.ts";

/**
 * `f`, of which reverse mode keeps nothing but the arguments: when its derivative is needed it is computed once more.
 * Chen et al. 2016, Training deep nets with sublinear memory cost, arXiv:1604.06174.
 *
 * The second computation stands behind a barrier together with the cotangents, so that no pass merges it with the first
 * or starts it early. Tensors that `f` uses from outside count as arguments.
 */
export function checkpoint<A extends readonly unknown[], Y>(f: (...args: A) => Y): (...args: A) => Y {
  return (...args) => {
    const { leaves, structure } = flatten("checkpoint", "an argument", args);
    let outputs: Flat | undefined;
    const body = (...inputs: Tensor[]): readonly Tensor[] => {
      outputs = flatten("checkpoint", "the result", f(...(treeUnflatten(structure, inputs) as unknown as A)));
      return outputs.leaves;
    };
    const { fn, captured } = trace(body, leaves, { name: "checkpoint" });
    const results = composite(
      { name: "ad.checkpoint", version: 1, vjp: (x, _y, dy) => recomputed(x, dy, (again) => fn.inline(again)) },
      (...x) => fn.inline(x),
      [...leaves, ...captured],
    );
    return treeUnflatten(outputs!.structure, results) as unknown as Y;
  };
}

function recomputed(
  args: readonly Tensor[],
  cotangents: readonly Tensor[],
  f: (args: readonly Tensor[]) => readonly Tensor[],
): readonly (Tensor | null)[] {
  const behind = barrier(...args, ...cotangents);
  const again = behind.slice(0, args.length);
  const outputs = f(again);
  const given = outputs.map((y, i) => (isFloat(y.dtype) ? behind[args.length + i]! : null));
  return backward(outputs, again, given).gradients;
}
