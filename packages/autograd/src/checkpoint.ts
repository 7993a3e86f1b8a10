import { call, checkFunction, type Tensor, trace } from "@tenon/ir";
import { treeUnflatten } from "@tenon/tree";
import { Beside, type Flat, flatten } from "./arguments.ts";

/**
 * `f`, of which reverse mode keeps nothing but the arguments: when its derivative is needed it is computed once more.
 * Chen et al. 2016, Training deep nets with sublinear memory cost, arXiv:1604.06174.
 *
 * Tensors that `f` uses from outside count as arguments.
 */
export function checkpoint<A extends readonly unknown[], Y>(f: (...args: A) => Y): (...args: A) => Y {
  checkFunction("checkpoint", "f", f);
  return (...args) => {
    const { leaves, structure } = flatten("checkpoint", "an argument", args);
    let outputs: Flat | undefined;
    let beside: Beside | undefined;
    const body = (...inputs: Tensor[]): readonly Tensor[] => {
      beside = Beside.of(f(...(treeUnflatten(structure, inputs) as unknown as A)));
      outputs = flatten("checkpoint", "the result", beside.result);
      return [...outputs.leaves, ...beside.tensors];
    };
    const { fn, captured } = trace(body, leaves, { name: "checkpoint" });
    const results = call(fn, [...leaves, ...captured], { recompute: true });
    const count = outputs!.leaves.length;
    beside!.receive(results.slice(count));
    return treeUnflatten(outputs!.structure, results.slice(0, count)) as unknown as Y;
  };
}
