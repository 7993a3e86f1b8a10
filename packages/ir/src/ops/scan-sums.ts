import { applyOp } from "../op.ts";
import { topologicalOrder } from "../rewrite.ts";
import type { Tensor } from "../tensor.ts";
import { dotOp } from "./dot.ts";
import { sum } from "./reduce.ts";
import { isUnused } from "./unused.ts";

/** Sums over all steps of values that a body computes in each, taken after the loop from the stacks of other values. */
export interface SumsOverSteps {
  /** Whether the sum of a value is taken so. */
  has(t: Tensor): boolean;
  /** What has to be stacked for them that is not yet. */
  readonly extra: readonly Tensor[];
  /** The sums, from the values of all steps. */
  after(stackOf: (t: Tensor) => Tensor): ReadonlyMap<Tensor, Tensor>;
}

/** What a body's graph says of its tensors. */
export interface Steps {
  /** Whether the values of the steps are stacked in any case. */
  stacked(t: Tensor): boolean;
  /** What is the same in every step. */
  readonly constants: readonly Tensor[];
}

/**
 * Which of `values` are summed over the steps after the loop, where that is no more work than to add them up on the way: a
 * sum of products is one product of the stacks of its factors, with the steps contracted, and what is linear may follow the
 * sum. One factor must be stacked anyhow, so that the stacks at most double.
 */
export function sumsOverSteps(values: readonly Tensor[], { stacked, constants }: Steps): SumsOverSteps {
  const order = topologicalOrder(values);
  const varying = new Set(order.filter(({ op, outputs }) => op.kind === "leaf" && !constants.includes(outputs[0]!)));
  const sums = new Map<Tensor, Way>();
  for (const node of order) {
    if (node.inputs.some((t) => varying.has(t.node))) varying.add(node);
    for (const t of node.outputs) {
      const way = wayOf(t, stacked, varying, sums);
      if (way !== undefined) sums.set(t, way);
    }
  }
  const needed = new Set(values.filter((t) => sums.has(t)));
  for (const { inputs, outputs } of order.toReversed())
    if (outputs.some((t) => needed.has(t) && sums.get(t) === linear)) for (const t of inputs) needed.add(t);
  const factors = [...needed].flatMap((t) => (sums.get(t) === product ? t.node.inputs : []));
  return {
    has: (t) => sums.has(t),
    extra: [...new Set(factors.filter((t) => !stacked(t)))],
    after(stackOf) {
      const made = new Map<Tensor, Tensor>();
      for (const t of order.flatMap(({ outputs }) => outputs))
        if (needed.has(t))
          made.set(
            t,
            sums.get(t)!(t, stackOf, (x) => made.get(x)!),
          );
      return made;
    },
  };
}

/** How the sum of a value is made of the stacks of others or of the sums of others. */
type Way = (t: Tensor, stackOf: (x: Tensor) => Tensor, sumOf: (x: Tensor) => Tensor) => Tensor;

const zero: Way = (t) => t;

const stack: Way = (t, stackOf) => sum(stackOf(t), { axis: 0 });

const product: Way = ({ node: { inputs, attrs } }, stackOf) => {
  const { contract, batch, ...rest } = attrs as { contract: number[][]; batch: number[][] };
  const later = (list: readonly number[]): number[] => list.map((axis) => axis + 1);
  const pairs = { contract: contract.map((list) => [0, ...later(list)]), batch: batch.map(later) };
  return applyOp(dotOp, inputs.map(stackOf), { ...rest, ...pairs })[0]!;
};

const linear: Way = ({ node: { op, inputs, attrs }, index }, _stackOf, sumOf) =>
  applyOp(op, inputs.map(sumOf), attrs)[index]!;

function wayOf(
  t: Tensor,
  stacked: (t: Tensor) => boolean,
  varying: ReadonlySet<unknown>,
  sums: ReadonlyMap<Tensor, Way>,
): Way | undefined {
  const { op, inputs, attrs } = t.node;
  if (isUnused(t)) return zero;
  if (stacked(t)) return stack;
  if (op === dotOp) return inputs.some(stacked) && inputs.every((x) => varying.has(x.node)) ? product : undefined;
  const isLinear = op.linear === true || (typeof op.linear === "function" && op.linear(attrs));
  return isLinear && inputs.length > 0 && inputs.every((x) => sums.has(x)) ? linear : undefined;
}
