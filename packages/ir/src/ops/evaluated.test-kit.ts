import { evaluateTensors } from "@tenon/interpreter";
import {
  type ConcreteType,
  type Elements,
  input,
  isFloat,
  isInteger,
  type OpRecord,
  roundToDType,
  type Tensor,
  topologicalOrder,
  wrapInteger,
} from "../index.ts";
import { meaningOf } from "../meanings.ts";
import { countOf } from "../strided.ts";

type Given = readonly (readonly [Tensor, readonly number[]])[];

/** The elements of a tensor in float64, from those of the inputs it depends on. At most one size of an input is symbolic. */
export function evaluated(y: Tensor, inputs: Given = []): number[] {
  return [...evaluateTensors([y], new Map(inputs.map(([x, data]) => [x, elementsOf(x, data)])))[0]!.data];
}

function elementsOf({ dtype, shape }: Tensor, data: readonly number[]): Elements {
  const known = shape.reduce<number>((n, d) => (typeof d === "number" ? n * d : n), 1);
  return {
    dtype,
    shape: shape.map((d) => (typeof d === "number" ? d : data.length / known)),
    data: Float64Array.from(data),
  };
}

/** What a backend without claims computes: every composite decomposed, every step rounded to its dtype. */
export interface Stepwise {
  readonly values: number[];
  /** Ops whose result was not finite although their operands were. */
  readonly overflows: readonly string[];
}

export function stepwise(y: Tensor, inputs: Given = []): Stepwise {
  const overflows: string[] = [];
  const given = new Map(inputs.map(([x, data]) => [x, elementsOf(x, data)]));
  const [{ data }] = run([y], given, overflows) as [Elements];
  return { values: [...data], overflows };
}

function run(roots: readonly Tensor[], given: ReadonlyMap<Tensor, Elements>, overflows: string[]): Elements[] {
  const values = new Map(given);
  for (const { op, inputs, attrs, outputs } of topologicalOrder(roots)) {
    if (outputs.every((t) => values.has(t))) continue;
    const args = inputs.map((t) => values.get(t)!);
    let results: readonly Elements[];
    if (op.decompose !== undefined) {
      const inner = args.map((x) => input(x));
      results = run(op.decompose(inner, attrs), new Map(inner.map((t, i) => [t, args[i]!])), overflows);
    } else {
      const types = outputs.map(({ dtype, shape }) => ({ dtype, shape: shape as readonly number[] }));
      results = primitive(op, args, attrs, types);
      const finite = (list: readonly Elements[]): boolean => list.every((x) => x.data.every(Number.isFinite));
      if (finite(args) && !finite(results)) overflows.push(op.name);
    }
    for (const [i, t] of outputs.entries()) values.set(t, results[i]!);
  }
  return roots.map((t) => values.get(t)!);
}

function primitive(op: OpRecord, args: readonly Elements[], attrs: object, types: readonly ConcreteType[]): Elements[] {
  const meaning = (isInteger(args.at(-1)?.dtype ?? "bool") ? op.integers : undefined) ?? op.evaluate;
  const arrays =
    meaningOf(op)?.(args, attrs as never, types, () => []) ??
    types.map(({ shape }) =>
      Float64Array.from({ length: countOf(shape) }, (_, i) => meaning!(...args.map((x) => x.data[i]!), attrs)),
    );
  return types.map(({ dtype, shape }, i) => {
    const fit = isFloat(dtype) ? roundToDType : wrapInteger;
    return { dtype, shape, data: arrays[i]!.map((x) => (dtype === "bool" ? x : fit(dtype, x))) };
  });
}
