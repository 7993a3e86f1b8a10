import { isInteger } from "./dtype.ts";
import { roundToDType, wrapInteger } from "./number.ts";
import type { Elements } from "./record.ts";
import { topologicalOrder } from "./rewrite.ts";
import { countOf } from "./strided.ts";
import type { Tensor } from "./tensor.ts";

/** The elements of a tensor by the meanings in the records: what tests of single ops need of an interpreter. */
export function elementsOf(root: Tensor, inputs: ReadonlyMap<Tensor, Elements> = new Map()): Elements {
  const values = new Map<Tensor, Elements>(inputs);
  for (const { op, inputs: operands, attrs, outputs } of topologicalOrder([root])) {
    if (outputs.every((t) => values.has(t))) continue;
    const args = operands.map((t) => values.get(t)!);
    const types = outputs.map((t) => ({ dtype: t.dtype, shape: t.shape as readonly number[] }));
    const { evaluate, integers } = op;
    const meaning = integers !== undefined && isInteger(args[0]!.dtype) ? integers : evaluate;
    const noCall = (): never => {
      throw new Error(`${op.name} calls a region`);
    };
    const arrays =
      op.run?.(args, attrs, types, noCall) ??
      types.map(({ dtype, shape }) =>
        Float64Array.from({ length: countOf(shape) }, (_, i) => {
          const y = meaning!(...args.map((x) => x.data[i]!), attrs);
          return isInteger(dtype) ? wrapInteger(dtype, y) : op.rounds === true ? roundToDType(dtype, y) : y;
        }),
      );
    for (const [i, t] of outputs.entries()) values.set(t, { ...types[i]!, data: arrays[i]! });
  }
  return values.get(root)!;
}

export const valuesOf = (x: Tensor): number[] => [...elementsOf(x).data];
