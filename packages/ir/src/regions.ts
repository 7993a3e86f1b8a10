import { isFloat } from "./dtype.ts";
import { Fn } from "./function.ts";
import { input } from "./leaf.ts";
import { splat } from "./promote.ts";
import type { OpRecord, Pullback, ReverseTransforms, SplitRegion } from "./record.ts";
import { orderAfter, substitute, topologicalOrder } from "./rewrite.ts";
import { withTrace } from "./scope.ts";
import type { Tensor } from "./tensor.ts";

/*
 * The halves of regions for reverse mode. They are here and not with the other transforms of `@tenon/autograd` because only the
 * records of ops with regions lead here: a program without loops and branches goes without.
 */

/** The tensors of a graph that depend on `sources` through values of float dtypes. */
export function activeTensors(results: readonly Tensor[], sources: readonly Tensor[]): ReadonlySet<Tensor> {
  const active = new Set(sources.filter((x) => isFloat(x.dtype)));
  for (const node of orderAfter(sources, results)) {
    if (!node.inputs.some((t) => active.has(t))) continue;
    for (const t of node.outputs) if (isFloat(t.dtype)) active.add(t);
  }
  return active;
}

export const marked = <T>(list: readonly T[], marks: readonly boolean[]): T[] =>
  list.filter((_, i) => marks[i] === true);

const indices = (marks: readonly boolean[]): number[] => marked([...marks.keys()], marks);

export function activeResults(fn: Fn, inputs: readonly boolean[]): readonly boolean[] {
  const active = activeTensors(fn.results, marked(fn.inputs, inputs));
  return fn.results.map((t) => active.has(t));
}

/**
 * A region in two halves. What the gradient graph computes from the inputs alone goes into the forward half; the tensors
 * that cross from there to the other half are the residuals.
 */
function split(backward: Pullback, fn: Fn, wanted: readonly boolean[], fixed: readonly boolean[] = []): SplitRegion {
  const given = activeResults(fn, wanted);
  const seeds = fn.results.map((y, i) => (given[i] === true ? input(y) : null));
  const cotangents = seeds.filter((t) => t !== null);
  const sources = marked(fn.inputs, wanted);
  const { outputs, gradients } = backward(fn.results, sources, seeds);
  const results = gradients.map((dx, i) => dx ?? splat(0, sources[i]!.shape, sources[i]!.dtype));
  const reads = crossing(results, { cotangents, inputs: fn.inputs, fixed: marked(fn.inputs, fixed) });
  const kept = fn.inputs.map((t) => reads.has(t));
  const residuals = [...reads].filter((t) => !fn.inputs.includes(t));
  const read = [...marked(fn.inputs, kept), ...residuals];
  const fresh = read.map((t) => input(t));
  const later = substitute(results, new Map(read.map((t, i) => [t, fresh[i]!])));
  return {
    forward: new Fn(`${fn.name}_forward`, fn.inputs, [...outputs, ...residuals]),
    backward: new Fn(`${fn.name}_backward`, [...fresh, ...cotangents], later),
    kept: indices(kept),
    residuals: residuals.map(({ dtype, shape }) => ({ dtype, shape })),
    cotangents: indices(given),
    wanted: indices(wanted),
  };
}

interface Sides {
  readonly cotangents: readonly Tensor[];
  readonly inputs: readonly Tensor[];
  readonly fixed: readonly Tensor[];
}

/** What the half that depends on cotangents reads of the other: inputs as they are, and values computed from them. */
function crossing(results: readonly Tensor[], { cotangents, inputs, fixed }: Sides): ReadonlySet<Tensor> {
  const order = topologicalOrder(results);
  const later = new Set(cotangents.map((t) => t.node));
  const varying = new Set(inputs.filter((t) => !fixed.includes(t)).map((t) => t.node));
  for (const node of order) {
    if (node.inputs.some((t) => later.has(t.node))) later.add(node);
    else if (node.inputs.some((t) => varying.has(t.node))) varying.add(node);
  }
  const needed = new Set(results);
  const reads: Tensor[] = [];
  const leaves = new Set(inputs.map((t) => t.node));
  for (const node of order.reverse()) {
    if (leaves.has(node) || (varying.has(node) && !later.has(node)))
      reads.push(...node.outputs.filter((t) => needed.has(t)));
    else if (node.outputs.some((t) => needed.has(t))) for (const t of node.inputs) needed.add(t);
  }
  return new Set(reads.reverse());
}

/** The transform, made once for each function and each choice of marks. */
export function remembered<A extends readonly unknown[], R>(
  transform: (fn: Fn, ...rest: A) => R,
): (fn: Fn, ...rest: A) => R {
  const memory = new WeakMap<Fn, Map<string, R>>();
  return (fn, ...rest) => {
    const known = memory.get(fn) ?? new Map<string, R>();
    memory.set(fn, known);
    const key = JSON.stringify(rest);
    let result = known.get(key);
    if (result === undefined) known.set(key, (result = withTrace(() => transform(fn, ...rest))));
    return result;
  };
}

let made: Pick<ReverseTransforms, "active" | "vjp"> | undefined;

/** What rules for reverse mode are handed; `backward` is how a derivative is taken. */
export const reverseTransforms: NonNullable<OpRecord["transforms"]> = (backward) => {
  made ??= {
    active: remembered(activeResults),
    vjp: remembered((fn, wanted, fixed) => split(backward, fn, wanted, fixed)),
  };
  return made;
};
