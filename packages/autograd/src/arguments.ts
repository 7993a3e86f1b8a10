import { DifferentiationError, isFloat, StateError, Tensor, tensorFix, typeText, valueText } from "@tenon/ir";
import { type Tree, type TreeStructure, treeFlatten, treeFlattenLike } from "@tenon/tree";

/** Tensors in records and lists. */
export type TensorTree = Tree<Tensor>;

/** A tree taken apart. */
export interface Flat {
  readonly leaves: readonly Tensor[];
  readonly structure: TreeStructure<unknown>;
}

/**
 * A function's result with tensors beside it, which a function given to vjp, jvp, grad or checkpoint may return instead of
 * the result alone. They come out as values and are not differentiated; `receive` gets them in terms of the arguments.
 *
 * `@tenon/tensor` carries out of the function in this way what it assigns to Variables.
 */
export class Beside {
  readonly result: unknown;
  readonly tensors: readonly Tensor[];
  readonly receive: (values: readonly Tensor[]) => void;

  constructor(result: unknown, tensors: readonly Tensor[] = [], receive: Beside["receive"] = () => {}) {
    this.result = result;
    this.tensors = tensors;
    this.receive = receive;
  }

  static of(returned: unknown): Beside {
    return returned instanceof Beside ? returned : new Beside(returned);
  }
}

/**
 * The tensors of a tree that must hold nothing else.
 *
 * @param like The structure that the tree must have; the tensors then come in its order.
 */
export function flatten(op: string, what: string, tree: unknown, like?: TreeStructure<unknown>): Flat {
  if (tree instanceof Promise) {
    throw new StateError("E404", op, `${what} is a promise`, {
      fix: "make the function synchronous: values cannot be read while it is traced",
    });
  }
  const { leaves, structure } =
    like === undefined ? treeFlatten(tree) : { leaves: treeFlattenLike(like, tree, op), structure: like };
  for (const leaf of leaves) {
    if (leaf instanceof Tensor) continue;
    throw new StateError("E404", op, `${what} holds ${valueText(leaf)}, which is no tensor`, {
      fix:
        leaf === undefined || typeof leaf === "number" ? "use tensors, or records and lists of them" : tensorFix(leaf),
    });
  }
  return { leaves: leaves as readonly Tensor[], structure };
}

/** Refuses tensors that have no derivative. */
export function checkFloats(op: string, what: string, leaves: readonly Tensor[]): void {
  for (const x of leaves) {
    if (isFloat(x.dtype)) continue;
    throw new DifferentiationError("E611", op, `${what} holds ${typeText(x)}, and only floats have gradients`, {
      fix: "leave it out of argnums, or cast it to a float",
    });
  }
}
