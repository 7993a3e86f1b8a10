import {
  applyOp,
  convert,
  type DType,
  dotOp,
  type Elements,
  Fn,
  input,
  isFloat,
  isLeaf,
  mapRegions,
  Node,
  reduceOp,
  roundToDType,
  type Tensor,
  topologicalOrder,
} from "@tenon/ir";
import { Draw } from "./draw.ts";
import { expandComposites, isComposite, reapply, rebuild } from "./expand.ts";
import type { Evaluate } from "./sample-runner.ts";
import { allowance, type Level, type Tolerance, tolerances } from "./tolerance.ts";

/** What one result must be, element by element. */
export interface Expected {
  readonly dtype: Elements["dtype"];
  readonly shape: readonly number[];
  readonly data: Float64Array;
  /** How far each element may be off; infinite where the exact value says nothing about the rounded one. */
  readonly allowed: Float64Array;
}

/** So many times the largest change that shaken intermediate values made is allowed. */
const SHAKEN = 4;
/** All intermediate values shaken up, all down, then each at random. */
const directions = 8;

/**
 * The reference values of a graph and how far a correct backend may be from them. For one op that is the tolerance of its
 * class. For a graph it is what the results change when every intermediate value moves within the tolerance of its own
 * op: where values cancel, or stand at a step, more is allowed than elsewhere, and no more than that.
 */
export function expectedResults(
  results: readonly Tensor[],
  values: ReadonlyMap<Tensor, Elements>,
  evaluate: Evaluate,
  level: Level,
): readonly Expected[] {
  const exact = evaluate(results, values);
  const deviations = isOneOp(results) ? undefined : shake(results, values, evaluate, level, exact);
  const blind = level === "portable" && [...values.values()].some(({ data }) => data.some((x) => !Number.isFinite(x)));
  return results.map((t, i): Expected => {
    const { dtype, shape } = exact[i]!;
    const data = exact[i]!.data.map((x) => roundToDType(dtype, x));
    const tolerance = tolerances[t.op.numeric][level];
    const allow = allowance(dtype, data, deviations === undefined ? tolerance : rounding(tolerance));
    const allowed = data.map((x, j) => {
      const own = allow(x);
      const moved = deviations?.[i]?.[j] ?? 0;
      if (Number.isNaN(moved) || (level === "portable" && (blind || !isNormal(dtype, x)))) return Infinity;
      return own + SHAKEN * moved;
    });
    return { dtype, shape, data, allowed };
  });
}

/** Whether a portable target keeps the value: it may flush what is smaller, and knows neither NaN nor infinity. */
function isNormal(dtype: Elements["dtype"], x: number): boolean {
  if (!isFloat(dtype) || x === 0) return true;
  const smallest = dtype === "float16" ? 2 ** -14 : dtype === "float64" ? 2 ** -1022 : 2 ** -126;
  return Number.isFinite(x) && Math.abs(x) >= smallest;
}

/** Whether nothing inexact is computed but the results themselves, by primitives. */
const isOneOp = (results: readonly Tensor[]): boolean =>
  results.every((t) => isGiven(t) || (!isComposite(t.node) && !hasRegions(t.node) && t.inputs.every(isGiven)));

const hasRegions = ({ op, attrs }: Node): boolean => mapRegions(op, attrs, (fn) => fn) !== attrs;

/** Whether a value is an input or only moved ones: exact whatever the backend. */
const isGiven = (t: Tensor): boolean =>
  topologicalOrder([t]).every((node) => isLeaf(node) || (node.op.numeric === "exact" && !isComposite(node)));

/** The tolerance of a value that is one of many in a graph: it may be rounded, or not be. */
const rounding = (tolerance: Tolerance): Tolerance => ({ ...tolerance, ulps: Math.max(1, tolerance.ulps) });

/** For each element of each result, the largest change seen; NaN where values and no values alternate. */
function shake(
  results: readonly Tensor[],
  values: ReadonlyMap<Tensor, Elements>,
  evaluate: Evaluate,
  level: Level,
  exact: readonly Elements[],
): readonly Float64Array[] {
  const shaken: { readonly value: Tensor; readonly change: Tensor; readonly node: Node }[] = [];
  const expanded = expandComposites(results);
  const moved = rebuild(expanded, (node, inputs) => {
    const outputs = reapply(node, inputs);
    if (isLeaf(node) || node.op.numeric === "exact") return outputs;
    return outputs.map((y) => {
      if (!isFloat(y.dtype)) return y;
      const change = input(y);
      shaken.push({ value: y, change, node });
      return y.add(change);
    });
  });
  if (shaken.length === 0) return exact.map(({ data }) => new Float64Array(data.length));
  const still = new Map(values);
  for (const { change } of shaken) still.set(change, zerosLike(change));
  const watched = shaken.map(({ value }) => value);
  const base = evaluate([...moved, ...watched], still);
  const steps = shaken.map(({ node }, i) => {
    const { dtype, data } = base[moved.length + i]!;
    const allow = allowance(dtype, data, rounding(tolerances[node.op.numeric][level]));
    return data.map((x) => (Number.isFinite(x) ? allow(x) : 0));
  });
  const runs = Array.from({ length: directions }, (_, run) => {
    const draw = new Draw(run);
    const sign = (): number => (run === 0 ? 1 : run === 1 || draw.chance(0.5) ? -1 : 1);
    const set = new Map(values);
    shaken.forEach(({ change }, i) => {
      set.set(change, { ...zerosLike(change), data: steps[i]!.map((step) => step * sign()) });
    });
    return evaluate(withShakenRegions(moved, sign, level), set);
  });
  runs.push(evaluate(rebuild(expanded, changing(rounded)), values));
  return exact.map(({ data }, r) =>
    data.map((x, j) => {
      let largest = distance(x, base[r]!.data[j]!);
      for (const run of runs) {
        const change = distance(x, run[r]!.data[j]!);
        largest = change > largest || Number.isNaN(change) ? change : largest;
      }
      return largest;
    }),
  );
}

/** A float that a node has computed, as something else. */
type Change = (y: Tensor, node: Node) => Tensor;

const roundedTo = (dtype: DType, y: Tensor): Tensor => applyOp(convert.op, [y], { to: dtype })[0]!;

/** As a device rounds it that computes in the dtype. */
const rounded: Change = (y) => roundedTo(y.dtype, y.op === reduceOp || y.op === dotOp ? inParts(y) : y);

/**
 * A sum or a product in the order that leaves the range first, if one does: the order is the device's. Positive terms and negative
 * ones are added up apart, factors above 1 and below multiplied apart.
 */
function inParts({ op, attrs, inputs, node }: Tensor): Tensor {
  const [x, y] = inputs as readonly [Tensor, Tensor];
  const of = (...terms: readonly Tensor[]): Tensor => applyOp(op, terms, attrs)[0]!;
  const part = (z: Tensor): Tensor => roundedTo(attrs.acc as DType, z);
  if (op === dotOp) {
    const [a, b] = [x.maximum(0), y.maximum(0)];
    const [c, d] = [x.minimum(0), y.minimum(0)];
    return part(of(a, b).add(of(c, d))).add(part(of(a, d).add(of(c, b))));
  }
  if (attrs.op === "sum") return part(of(x.maximum(0))).add(part(of(x.minimum(0))));
  if (attrs.op !== "prod") return node.outputs[0]!;
  const size = x.abs();
  return part(of(size.maximum(1)))
    .mul(part(of(size.minimum(1))))
    .mul(part(of(x.sign())));
}

/** The same graph, where regions too compute every float a little larger or smaller than it is. */
function withShakenRegions(results: readonly Tensor[], sign: () => number, level: Level): readonly Tensor[] {
  if (!topologicalOrder(results).some(hasRegions)) return results;
  const shaken: Change = (y, { op }) => {
    const tolerance = rounding(tolerances[op.numeric][level]);
    return y.add(y.mul(sign() * allowance(y.dtype, [1], tolerance)(1)));
  };
  return rebuild(results, (node, inputs) => withRegions(node, inputs, shaken));
}

/** The node on other operands, with everything changed that its regions compute. */
function withRegions(node: Node, inputs: readonly Tensor[], change: Change): readonly Tensor[] {
  if (isLeaf(node) || !hasRegions(node)) return reapply(node, inputs);
  const attrs = mapRegions(node.op, node.attrs, (part) => {
    const fn = part as Fn;
    return new Fn(fn.name, fn.inputs, rebuild(expandComposites(fn.results), changing(change)), fn.aliases);
  });
  return new Node(node.op, inputs, attrs, node.results, node).outputs;
}

/** Makes nodes anew whose results, and all in their regions, are changed where they are floats and not exact anyhow. */
const changing =
  (change: Change) =>
  (node: Node, inputs: readonly Tensor[]): readonly Tensor[] => {
    const outputs = withRegions(node, inputs, change);
    if (isLeaf(node) || node.op.numeric === "exact" || hasRegions(node)) return outputs;
    return outputs.map((y) => (isFloat(y.dtype) ? change(y, node) : y));
  };

/** NaN where one of them is no number, or infinite, and the other is something else. */
function distance(a: number, b: number): number {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return 0;
  const change = Math.abs(a - b);
  return Number.isFinite(change) ? change : NaN;
}

const zerosLike = ({ dtype, shape }: Tensor): Elements => {
  const sizes = shape as readonly number[];
  return { dtype, shape: sizes, data: new Float64Array(sizes.reduce((n, d) => n * d, 1)) };
};

/** Where results are not what is expected, in words, one line for each result that is wrong. */
export function problemsOf(expected: readonly Expected[], actual: readonly Elements[], factor = 1): readonly string[] {
  return expected.flatMap(({ dtype, data, allowed }, i) => {
    const given = actual[i]!.data;
    if (given.length !== data.length) return [`result ${i} has ${given.length} elements, not ${data.length}`];
    const wrong: number[] = [];
    for (let j = 0; j < data.length; j++) {
      const [e, a] = [data[j]!, given[j]!];
      if (e === a || (Number.isNaN(e) && Number.isNaN(a)) || allowed[j] === Infinity) continue;
      if (!(Math.abs(a - e) <= factor * allowed[j]!)) wrong.push(j);
    }
    const [first, ...more] = wrong;
    if (first === undefined) return [];
    const others = more.length === 0 ? "" : `, and ${more.length} more of ${data.length} are wrong`;
    const most = isFloat(dtype) ? ` ± ${(factor * allowed[first]!).toPrecision(3)}` : "";
    return [`result ${i}, ${dtype}, at ${first} is ${given[first]}, not ${data[first]}${most}${others}`];
  });
}
