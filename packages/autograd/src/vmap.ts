import {
  checkFunction,
  checkOptions,
  type Dim,
  input,
  moveAxis,
  OptionError,
  ShapeError,
  sameDim,
  substitute,
  type Tensor,
  typeText,
  withTrace,
} from "@tenon/ir";
import { treeUnflatten } from "@tenon/tree";
import { flatten } from "./arguments.ts";
import { type Batched, batch, everywhere } from "./batch.ts";

/** An axis of examples; null where a value is the same for all of them. */
export type MappedAxis = number | null;

export interface VmapOptions {
  /** For each argument the axis along which its examples lie, or one for all; 0 by default. */
  readonly inAxes?: MappedAxis | readonly MappedAxis[];
  /** Where the results have the axis of examples, one for all or, for a list of results, one for each; 0 by default. */
  readonly outAxes?: MappedAxis | readonly MappedAxis[];
}

/**
 * `f` over many examples at once: written for one, called with arguments that have one more axis. Arguments that are
 * mapped over are tensors or trees of them, all with the same number of examples.
 */
export function vmap<A extends readonly unknown[], Y>(
  f: (...args: A) => Y,
  options: VmapOptions = {},
): (...args: A) => Y {
  checkFunction("vmap", "f", f);
  checkOptions("vmap", options, ["inAxes", "outAxes"]);
  const { inAxes = 0, outAxes = 0 } = options;
  return (...args) => {
    const examples = new Map<Tensor, Tensor>();
    let size: Dim | undefined;
    const own = args.map((tree, i) => {
      const axis = axisFor("inAxes", inAxes, i, args.length);
      if (axis === null) return tree;
      const { leaves, structure } = flatten("vmap", `argument ${i}`, tree);
      const inner = leaves.map((x) => {
        const lead = leading(x, axis, i);
        const [count, ...shape] = lead.shape;
        size ??= count!;
        if (!sameDim(size, count!)) throw otherCount(i, axis, count!, size);
        const example = input({ dtype: x.dtype, shape });
        examples.set(example, lead);
        return example;
      });
      return treeUnflatten(structure, inner);
    });
    if (size === undefined) {
      throw new OptionError("E803", "vmap", "no argument is mapped over", { fix: "give at least one axis in inAxes" });
    }
    const result = withTrace(() => f(...(own as unknown as A)));
    const { leaves, structure } = flatten("vmap", "the result", result);
    const found = atOnce(leaves, examples, size);
    const all = everywhere(found, size);
    const count = Array.isArray(result) ? result.length : 1;
    const owner = owners(result);
    const placed = all.map((y, i) => {
      const axis = axisFor("outAxes", outAxes, owner[i]!, count);
      if (axis !== null) return moveAxis(y, 0, axis);
      if (found.batched[i]) throw differs(i);
      return found.results[i]!;
    });
    return treeUnflatten(structure, placed) as unknown as Y;
  };
}

/** The results for all examples, recorded on stand-ins first so that the graph is whole before the program has it. */
function atOnce(results: readonly Tensor[], examples: ReadonlyMap<Tensor, Tensor>, size: Dim): Batched {
  const standIns = new Map([...examples].map(([example, lead]) => [example, input(lead)]));
  const { results: found, batched } = batch(results, standIns, size);
  const leads = new Map([...standIns].map(([example, standIn]) => [standIn, examples.get(example)!]));
  return { results: substitute(found, leads), batched };
}

/** For each leaf of a list of results the entry it belongs to. */
const owners = (result: unknown): readonly number[] =>
  Array.isArray(result)
    ? result.flatMap((entry, i) => flatten("vmap", "the result", entry).leaves.map(() => i))
    : flatten("vmap", "the result", result).leaves.map(() => 0);

function axisFor(name: string, axes: MappedAxis | readonly MappedAxis[], i: number, count: number): MappedAxis {
  if (axes === null || typeof axes === "number") return axes;
  const axis = axes[i];
  if (axes.length === count && (axis === null || Number.isInteger(axis))) return axis as MappedAxis;
  throw new OptionError(
    "E803",
    "vmap",
    `${name} is [${axes.map(String).join(", ")}] for ${count} ${name === "inAxes" ? "arguments" : "results"}`,
    {
      fix: "give one axis, or a list with an axis or null for each",
    },
  );
}

function leading(x: Tensor, axis: number, argument: number): Tensor {
  const rank = x.shape.length;
  if (Number.isInteger(axis) && axis >= -rank && axis < rank) return moveAxis(x, axis, 0);
  throw new ShapeError("E205", "vmap", `argument ${argument} is mapped over axis ${axis} but holds ${typeText(x)}`, {
    fix: "give null in inAxes for what is the same for every example",
  });
}

const otherCount = (argument: number, axis: number, count: Dim, size: Dim): ShapeError =>
  new ShapeError(
    "E203",
    "vmap",
    `argument ${argument} has ${count} examples along axis ${axis} where others have ${size}`,
    {
      fix: "map over axes of one size",
    },
  );

const differs = (result: number): OptionError =>
  new OptionError("E803", "vmap", `outAxes has null for result ${result}, which differs between examples`, {
    fix: "give the axis where the examples shall lie",
  });
