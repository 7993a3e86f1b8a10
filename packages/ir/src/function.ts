import type { FunctionRef, Signature } from "./attrs.ts";
import { StateError } from "./errors.ts";
import { input, isLeaf } from "./leaf.ts";
import { valueText } from "./prose.ts";
import { substitute, topologicalOrder } from "./rewrite.ts";
import { withTrace } from "./scope.ts";
import type { TensorType } from "./shape.ts";
import { Node, nextNodeId, Tensor } from "./tensor.ts";

/** A pure function as a graph: its arguments are input leaves, and its results depend on nothing else. */
export class Fn implements FunctionRef {
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly results: readonly Tensor[];
  /** For each input: the index of the result that is written into its buffer. */
  readonly aliases: readonly (number | undefined)[];

  constructor(
    name: string,
    inputs: readonly Tensor[],
    results: readonly Tensor[],
    aliases: readonly (number | undefined)[] = [],
  ) {
    this.name = name;
    this.inputs = inputs;
    this.results = results;
    this.aliases = inputs.map((_, i) => aliases[i]);
  }

  get signature(): Signature {
    const typeOf = ({ dtype, shape }: Tensor): TensorType => ({ dtype, shape });
    return { inputs: this.inputs.map(typeOf), results: this.results.map(typeOf) };
  }

  /** The function's body on other tensors, in the graph they belong to. */
  inline(args: readonly Tensor[]): Tensor[] {
    return substitute(this.results, new Map(this.inputs.map((x, i) => [x, args[i]!])));
  }
}

/** What a package does around a trace: `@tenon/tensor` routes the reads and writes of Variables through it. */
export interface TraceHook {
  enter(inputs: readonly Tensor[]): void;
  /** May replace or extend the results. */
  leave(results: readonly Tensor[]): readonly Tensor[];
  /** Always runs last, also after an error. */
  exit?(): void;
}

export interface Traced {
  readonly fn: Fn;
  /** Tensors from outside that the body uses; they are the function's last inputs. */
  readonly captured: readonly Tensor[];
}

export interface TraceOptions {
  readonly name?: string;
  readonly hook?: TraceHook;
  readonly names?: readonly string[];
  /** What the body computes stays inside even where it depends on no argument: a branch must not run when it is not taken. */
  readonly inside?: boolean;
}

/**
 * Runs `body` on fresh arguments and keeps the graph. Tensors from outside, those that do not depend on the
 * arguments, become further inputs; constants stay inside.
 */
export function trace(
  body: (...args: Tensor[]) => readonly Tensor[],
  specs: readonly TensorType[],
  options: TraceOptions = {},
): Traced {
  const { name = "fn", hook, names = [], inside = false } = options;
  const since = inside ? nextNodeId() : Infinity;
  const inputs = specs.map((type, i) => input(type, names[i]));
  try {
    return withTrace(() => {
      hook?.enter(inputs);
      let results = checkResults(name, body(...inputs));
      if (hook !== undefined) results = hook.leave(results);
      return close(name, inputs, results, [], since);
    });
  } finally {
    hook?.exit?.();
  }
}

/** Refuses what a function returned in place of a list of tensors. */
export function checkResults(name: string, results: unknown): readonly Tensor[] {
  if (Array.isArray(results) && results.every((t) => t instanceof Tensor)) return results;
  throw new StateError("E404", name, `a traced function returns a list of tensors, not ${valueText(results)}`, {
    fix:
      results instanceof Promise
        ? "make it synchronous: values cannot be read while a function is traced"
        : "return an array of tensors",
  });
}

/**
 * The function from `inputs` to `results`, with every other leaf, and what is computed from those alone, as an input.
 * Constants of the program that it uses are copied into it: the runtime may turn the program's into data.
 *
 * @param since Nodes from this id on are the function's own, whatever they are computed from.
 */
export function close(
  name: string,
  inputs: readonly Tensor[],
  results: readonly Tensor[],
  aliases: readonly (number | undefined)[] = [],
  since = Infinity,
): Traced {
  const own = new Set(inputs.map((t) => t.node));
  const inside = new Set<Node>();
  const outside = new Set<Node>(); // holds a foreign leaf and nothing of ours
  const replaced = new Map<Tensor, Tensor>();
  const order = topologicalOrder(results);
  for (const node of order) {
    if (own.has(node) || node.inputs.some((t) => inside.has(t.node))) inside.add(node);
    else if (isLeaf(node)) outside.add(node);
    else if (node.inputs.some((t) => outside.has(t.node))) (node.id >= since ? inside : outside).add(node);
    else if (!node.inside) {
      const inputs = node.inputs.map((t) => replaced.get(t) ?? t);
      const copy = new Node(node.op, inputs, node.attrs, node.results, node);
      node.outputs.forEach((t, i) => {
        replaced.set(t, copy.outputs[i]!);
      });
    }
  }
  const captured: Tensor[] = [];
  const capture = (t: Tensor): void => {
    if (!outside.has(t.node) || replaced.has(t)) return;
    captured.push(t);
    replaced.set(t, input(t));
  };
  for (const node of order) if (!outside.has(node)) node.inputs.forEach(capture);
  results.forEach(capture);
  if (replaced.size === 0) return { fn: new Fn(name, inputs, results, aliases), captured };
  const hidden = captured.map((t) => replaced.get(t)!);
  return { fn: new Fn(name, [...inputs, ...hidden], substitute(results, replaced), aliases), captured };
}
