import { type DType, type Tensor, topologicalOrder } from "@tenon/ir";
import type { Draw } from "./draw.ts";
import { GraphMaker } from "./graph-maker.ts";
import { attempt, isSmall, type Step, steps } from "./graph-steps.ts";
import type { Graph } from "./vector-cases.ts";

export interface GraphOptions {
  /** Only ops with derivatives that do not jump. */
  readonly smooth?: boolean;
  readonly dtypes?: readonly DType[];
}

const everywhere: readonly DType[] = ["float32", "float32", "int32", "uint32", "bool"];
const MAX_OPS = 40;
const MAX_RESULTS = 3;
const MAX_RANK = 6; // leaves room for axes that decompositions add

/** A well-typed graph of 1 to 40 steps on small inputs, the same for the same draw. */
export function randomGraph(
  draw: Draw,
  { smooth = false, dtypes = smooth ? ["float32"] : everywhere }: GraphOptions = {},
): Graph {
  const maker = new GraphMaker(draw, dtypes);
  for (let i = draw.integer(1, 3); i > 0; i--) maker.fresh();
  const allowed = steps.filter(({ rough }) => !(smooth && rough));
  const count = 1 + Math.floor(MAX_OPS * draw.unit() ** 2);
  for (let i = 0; i < count; i++) {
    const made = attempt(() => pickStep(draw, allowed).make(maker));
    for (const y of made ?? []) if (isSmall(y) && y.rank <= MAX_RANK) maker.pool.push(y);
  }
  if (maker.pool.length === maker.inputs.length) maker.pool.push(maker.float().add(1));
  const results = sinks(maker).slice(-MAX_RESULTS);
  const used = new Set(topologicalOrder(results).flatMap(({ outputs }) => outputs));
  const kept = maker.inputs.map((t) => used.has(t));
  return {
    inputs: maker.inputs.filter((_, i) => kept[i]),
    results,
    args: maker.args.filter((_, i) => kept[i]),
  };
}

function pickStep(draw: Draw, list: readonly Step[]): Step {
  let left = draw.unit() * list.reduce((sum, { weight }) => sum + weight, 0);
  return list.find(({ weight }) => (left -= weight) < 0) ?? list[0]!;
}

/** Computed values that no other value needs. */
function sinks({ pool, inputs }: GraphMaker): Tensor[] {
  const read = new Set(topologicalOrder(pool).flatMap((node) => node.inputs));
  return pool.filter((t) => !read.has(t) && !inputs.includes(t));
}
