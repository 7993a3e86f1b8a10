import { vmap } from "@tenon/autograd";
import {
  type Elements,
  input,
  isFloat,
  type NumericClass,
  type OpRecord,
  roundToDType,
  type Tensor,
  topologicalOrder,
} from "@tenon/ir";
import { materialize, type Sample } from "@tenon/ir/samples";
import {
  batchTolerance,
  decompositionTolerance,
  differences,
  type Level,
  type Tolerance,
  tolerances,
} from "./tolerance.ts";

/** Computes tensors from the values of the inputs they depend on. */
export type Evaluate = (results: readonly Tensor[], values: ReadonlyMap<Tensor, Elements>) => readonly Elements[];

/** `name/index`, by which a sample is found again. */
export const sampleTitle = ({ name, index, operands }: Sample): string =>
  `${name}/${index} (${operands.map(({ dtype, shape }) => `${dtype} [${shape.join(", ")}]`).join(", ")})`;

/** A sample recorded on fresh inputs, with the values of these. */
export interface Recorded {
  readonly inputs: readonly Tensor[];
  readonly results: readonly Tensor[];
  readonly point: readonly Elements[];
  readonly values: ReadonlyMap<Tensor, Elements>;
}

export function recordSample(sample: Sample): Recorded {
  const point = materialize(sample);
  const inputs = point.map((x) => input(x));
  return { inputs, results: sample.record(inputs), point, values: new Map(inputs.map((t, i) => [t, point[i]!])) };
}

/** Where results differ from what is expected, in words. */
function compare(
  results: readonly Tensor[],
  expected: readonly Elements[],
  actual: readonly Elements[],
  tolerance: Tolerance,
): string[] {
  return results.flatMap((t, i) => {
    const [e, a] = [expected[i]!.data, actual[i]!.data];
    if (e.length !== a.length) return [`result ${i} has ${a.length} elements, not ${e.length}`];
    const [j, ...more] = differences(t.dtype, e, a, tolerance);
    if (j === undefined) return [];
    return [`result ${i} at ${j} is ${a[j]} where ${e[j]} is expected, and ${more.length} more of ${e.length}`];
  });
}

/** Runs a sample on an executor and compares with the float64 reference, within the tolerance of its op's numeric class. */
export function runSample(
  sample: Sample,
  { reference, evaluate, level }: { readonly reference: Evaluate; readonly evaluate: Evaluate; readonly level: Level },
): string[] {
  const { results, values } = recordSample(sample);
  const loosest = loosestOf(results);
  return compare(results, reference(results, values), evaluate(results, values), tolerances[loosest][level]);
}

const order: readonly NumericClass[] = ["exact", "rounded", "division", "transcendental", "accumulate"];

/** The least exact class among the ops that a sample records: a function may record more than one. */
function loosestOf(results: readonly Tensor[]): NumericClass {
  const classes = topologicalOrder(results).map(({ op }) => order.indexOf(op.numeric));
  return order[Math.max(0, ...classes)]!;
}

/** The op of a sample against its own decomposition, on one executor; nothing where it has no other meaning. */
export function runDecomposition(sample: Sample, evaluate: Evaluate): string[] {
  const { results, values } = recordSample(sample);
  const nodes = new Set(results.map((t) => t.node));
  return [...nodes].flatMap((node) => {
    const op: OpRecord = node.op;
    if (op.decompose === undefined || (op.evaluate === undefined && op.run === undefined)) return [];
    const expanded = op.decompose(node.inputs, node.attrs);
    return compare(node.outputs, evaluate(node.outputs, values), evaluate(expanded, values), decompositionTolerance);
  });
}

/** Examples along a leading axis, all operands at once and each alone, against the examples one by one. */
export function runBatched(sample: Sample, evaluate: Evaluate): string[] {
  const point = materialize(sample);
  const every = point.map(() => true);
  const alone = point.map((_, i) => point.map((_, j) => i === j));
  const patterns = point.length === 0 ? [] : point.length === 1 ? [every] : [every, ...alone];
  return patterns.flatMap((pattern) =>
    runPattern(sample, point, pattern, evaluate).map(
      (problem) => `${problem}, with ${pattern.map((b) => (b ? "many" : "one")).join(", ")}`,
    ),
  );
}

const EXAMPLES = 3;

function runPattern(
  sample: Sample,
  point: readonly Elements[],
  pattern: readonly boolean[],
  evaluate: Evaluate,
): string[] {
  const examples = Array.from({ length: EXAMPLES }, (_, k) => point.map((x, i) => (pattern[i] ? variation(x, k) : x)));
  const stacked = point.map((x, i) => (pattern[i] ? stackElements(examples.map((args) => args[i]!)) : x));
  const inputs = stacked.map((x) => input(x));
  const results = vmap((...args: Tensor[]) => sample.record(args), { inAxes: pattern.map((b) => (b ? 0 : null)) })(
    ...inputs,
  );
  const actual = evaluate(results, new Map(inputs.map((t, i) => [t, stacked[i]!])));
  const one = point.map((x) => input(x));
  const outputs = sample.record(one);
  const singles = examples.map((args) => evaluate(outputs, new Map(one.map((t, i) => [t, args[i]!]))));
  const expected = outputs.map((_, r) => stackElements(singles.map((single) => single[r]!)));
  return compare(results, expected, actual, batchTolerance);
}

/** The same elements in another order, floats a little smaller, so that what holds for the sample holds for its examples. */
function variation({ dtype, shape, data }: Elements, k: number): Elements {
  const shift = data.length === 0 ? 0 : k % data.length;
  const turned = Float64Array.from(data, (_, i) => data[(i + shift) % data.length]!);
  return { dtype, shape, data: isFloat(dtype) ? turned.map((x) => roundToDType(dtype, x * (1 - k / 8))) : turned };
}

function stackElements(list: readonly Elements[]): Elements {
  const { dtype, shape, data } = list[0]!;
  const all = new Float64Array(list.length * data.length);
  list.forEach((x, i) => {
    all.set(x.data, i * data.length);
  });
  return { dtype, shape: [list.length, ...shape], data: all };
}
