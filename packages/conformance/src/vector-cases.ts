import {
  type Attrs,
  allOps,
  applyOp,
  type DType,
  dtypeNames,
  dtypes,
  type Elements,
  inferTypes,
  input,
  isFloat,
  neg,
  not,
  type OpRecord,
  padOp,
  reverseOp,
  sliceOp,
  splat,
  type Tensor,
  transpose,
  withTrace,
} from "@tenon/ir";
import { type Argument, allSamples, type Sample } from "@tenon/ir/samples";
import type { Evaluate } from "./sample-runner.ts";

/** A graph on inputs, and their values. */
export interface Graph {
  readonly inputs: readonly Tensor[];
  readonly results: readonly Tensor[];
  readonly args: readonly Elements[];
}

export const graphOf = (args: readonly Elements[], record: (inputs: readonly Tensor[]) => readonly Tensor[]): Graph => {
  const inputs = args.map((x) => input(x));
  return { inputs, results: withTrace(() => record(inputs)), args };
};

/** One shape per class: no axis, no element, one element, one to five axes with odd sizes. */
export const shapeClasses: readonly (readonly number[])[] = [
  [],
  [0, 3],
  [1, 1],
  [7],
  [5, 3],
  [2, 3, 5],
  [3, 1, 2, 3],
  [2, 1, 3, 2, 3],
];

/** A scalar op with settings that its record or its samples know, on operands of dtypes that its type rule accepts. */
export interface ScalarCase {
  readonly op: OpRecord;
  readonly attrs: Attrs;
  readonly dtypes: readonly DType[];
}

export function scalarCases(): readonly ScalarCase[] {
  const samples = samplesByName();
  return allOps()
    .filter(({ kind }) => kind === "scalar")
    .flatMap((op) =>
      settings(op, samples.get(op.name) ?? []).flatMap((attrs) =>
        dtypeNames.flatMap((dtype) => {
          const same = op.inputs.map(() => dtype);
          const chosen = [same, ["bool" as const, ...same.slice(1)]].find((list) => accepts(op, list, attrs));
          return chosen === undefined ? [] : [{ op, attrs, dtypes: chosen }];
        }),
      ),
    );
}

function accepts(op: OpRecord, list: readonly DType[], attrs: Attrs): boolean {
  try {
    inferTypes(
      op,
      list.map((dtype) => ({ dtype, shape: [] })),
      attrs,
    );
    return true;
  } catch {
    return false;
  }
}

/** Every dtype or word where the record says which there are, and for the others what the samples use. */
function settings(op: OpRecord, samples: readonly Sample[]): readonly Attrs[] {
  for (const [name, { kind, words = kind === "result-dtype" ? dtypeNames : [] }] of Object.entries(op.attrs))
    if (words.length > 0) return words.map((word) => ({ [name]: word }));
  const found = new Map(samples.map(({ attrs }) => [JSON.stringify(attrs), attrs as Attrs]));
  return found.size === 0 ? [{}] : [...found.values()];
}

export function samplesByName(): ReadonlyMap<string, readonly Sample[]> {
  const found = new Map<string, Sample[]>();
  for (const sample of allSamples()) found.set(sample.name, [...(found.get(sample.name) ?? []), sample]);
  return found;
}

/** The sample with other elements where it has float32, or undefined where the op does not take them. */
export function retyped(sample: Sample, dtype: DType): Sample | undefined {
  const operands = sample.operands.map((x) => (x.dtype === "float32" ? argumentOf(x, dtype) : x));
  try {
    sample.record(operands.map((x) => input(x)));
  } catch {
    return undefined;
  }
  return { ...sample, operands };
}

function argumentOf({ kind, shape, numbers }: Argument, dtype: DType): Argument {
  if (isFloat(dtype)) return { kind, shape, numbers, dtype };
  const [low, high] = { bool: [0, 1], signed: [-9, 9], unsigned: [0, 18], float: [0, 0] }[dtypes[dtype].kind];
  return { kind: "integers", shape, numbers: [low!, high!], dtype };
}

/** A value made by other ops from another input: how operands reach an op when it is not alone. */
export interface Producer {
  readonly name: string;
  /** The input that gives `x` when it has been through `make`. */
  readonly before: (x: Tensor) => Tensor;
  readonly make: (x: Tensor, shape: readonly number[]) => Tensor;
  readonly fits: (shape: readonly number[], dtype: DType) => boolean;
}

const opposite = (x: Tensor): Tensor => (x.dtype === "bool" ? not(x) : neg(x));
const whole = (x: Tensor): Tensor => applyOp(reverseOp, [x], { axes: x.shape.map((_, i) => i) })[0]!;
const each = <T>(shape: readonly unknown[], value: T): T[] => shape.map(() => value);

export const producers: readonly Producer[] = [
  { name: "transposed", before: (x) => transpose(x), make: (x) => transpose(x), fits: (shape) => shape.length > 1 },
  {
    name: "a padded array's inside",
    before: (x) =>
      applyOp(padOp, [x, splat(1, [], x.dtype)], {
        lo: each(x.shape, 1),
        hi: each(x.shape, 2),
        interior: each(x.shape, 1),
      })[0]!,
    make: (x, shape) =>
      applyOp(sliceOp, [x], {
        start: each(shape, 1),
        limit: shape.map((n) => 2 * n),
        stride: each(shape, 2),
      })[0]!,
    fits: (shape) => shape.length > 0 && shape.every((n) => n > 0),
  },
  { name: "reversed", before: whole, make: whole, fits: (shape) => shape.length > 0 },
  { name: "computed", before: opposite, make: opposite, fits: () => true },
];

/** The graph with every operand that fits made by `producer`. */
export function withProducer(
  args: readonly Elements[],
  record: (inputs: readonly Tensor[]) => readonly Tensor[],
  { before, make, fits }: Producer,
  evaluate: Evaluate,
): Graph {
  const fitting = args.map(({ shape, dtype }) => fits(shape, dtype));
  const given = args.map((x, i) => {
    if (!fitting[i]) return x;
    const t = input(x);
    const y = withTrace(() => before(t));
    return evaluate([y], new Map([[t, x]]))[0]!;
  });
  return graphOf(given, (inputs) => record(inputs.map((t, i) => (fitting[i] ? make(t, args[i]!.shape) : t))));
}
