import { checkFunction, checkOptions, composite, DifferentiationError, type Tensor, valueText } from "@tenon/ir";
import { treeFlatten, treeUnflatten } from "@tenon/tree";
import { type Flat, flatten } from "./arguments.ts";

/** For each argument its cotangent, or null for zero. */
export type Cotangents<A extends readonly unknown[]> = { readonly [K in keyof A]: A[K] | null };

export interface CustomOptions {
  /** `namespace.name` under which the function stands in a module; a backend may know it. */
  readonly name?: string;
  readonly version?: number;
}

/**
 * `f` with a derivative of its own: `vjp(args, y, dy)` gives the cotangents of the arguments from the result and its
 * cotangent. Both use nothing but their arguments and constants. The function stays whole in the graph.
 *
 * Forward mode goes through the same `vjp`, transposed, so that it must be linear in `dy` there.
 */
export function customGradient<A extends readonly unknown[], Y>(
  f: (...args: A) => Y,
  vjp: (args: A, y: Y, dy: Y) => Cotangents<A>,
  options: CustomOptions = {},
): (...args: A) => Y {
  checkFunction("customGradient", "f", f);
  checkFunction("customGradient", "vjp", vjp);
  checkOptions("customGradient", options, ["name", "version"]);
  const { name = "custom.gradient", version = 1 } = options;
  return (...args) => {
    const { leaves, structure } = flatten("customGradient", "an argument", args);
    let outputs: Flat | undefined;
    const tree = <T>({ structure }: Pick<Flat, "structure">, list: readonly Tensor[]): T =>
      treeUnflatten(structure, list) as unknown as T;
    const results = composite(
      {
        name,
        version,
        vjp: (x, y, dy) => complete(args, vjp(tree({ structure }, x), tree(outputs!, y), tree(outputs!, dy))),
      },
      (...x) => {
        outputs = flatten("customGradient", "the result", f(...tree<A>({ structure }, x)));
        return outputs.leaves;
      },
      leaves,
    );
    return tree(outputs!, results);
  };
}

/** Cotangents as one list in the order of the arguments' tensors, with nulls for an argument that has null. */
function complete(args: readonly unknown[], given: unknown): (Tensor | null)[] {
  if (!Array.isArray(given) || given.length !== args.length || given.includes(undefined)) {
    throw new DifferentiationError(
      "E612",
      "customGradient",
      `vjp gives ${valueText(given)} for ${counted(args.length)}`,
      {
        fix: "return a list with a cotangent, or null, for each argument",
      },
    );
  }
  return args.flatMap((arg, i): readonly (Tensor | null)[] => {
    const { leaves, structure } = treeFlatten(arg);
    return given[i] === null
      ? leaves.map(() => null)
      : flatten("customGradient", "a cotangent", given[i], structure).leaves;
  });
}

const counted = (count: number): string => `${count} argument${count === 1 ? "" : "s"}`;
