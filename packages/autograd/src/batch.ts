import {
  broadcastShape,
  composite,
  DifferentiationError,
  type Dim,
  type Node,
  ShapeError,
  sameShape,
  type Tensor,
  typeText,
  withOrigin,
  withTrace,
} from "@tenon/ir";
import { batchingOf } from "@tenon/ir/batching";
import { batchTransforms } from "./region-batch.ts";
import { applyVjp, guarded, hasVjp, place } from "./rules.ts";
import { transformsFor } from "./vjp.ts";
import { type Replacement, walk } from "./walk.ts";

/** A graph over many examples at once. */
export interface Batched {
  readonly results: readonly Tensor[];
  /** For each result whether it has the axis of examples, in front; the others are the same for every example. */
  readonly batched: readonly boolean[];
}

/**
 * `outputs` for `size` examples: `examples` gives, for tensors that differ between examples, one with the examples along
 * a new leading axis. Nodes that depend on none of them are computed once.
 */
export function batch(outputs: readonly Tensor[], examples: ReadonlyMap<Tensor, Tensor>, size: Dim): Batched {
  const many = new Map(examples);
  const visit = (node: Node): Replacement | undefined => {
    const marks = node.inputs.map((t) => many.has(t));
    if (!marks.includes(true)) return undefined;
    return withOrigin(node, () => {
      const rule = batchingOf(node.op);
      if (rule === undefined) return { results: withoutRule(node), open: true };
      const args = node.inputs.map((t) => many.get(t) ?? t);
      const results = guarded(node, "batch", () => rule(args, marks, node.attrs, size, batchTransforms));
      node.outputs.forEach((t, i) => {
        many.set(t, checkBatched(node, results[i], t, size));
      });
      return undefined;
    });
  };
  const rewritten = withTrace(() => walk(outputs, [...examples.keys()], visit));
  return { results: rewritten.map((t) => many.get(t) ?? t), batched: rewritten.map((t) => many.has(t)) };
}

/** Results that all have the axis of examples. */
export const everywhere = ({ results, batched }: Batched, size: Dim): readonly Tensor[] =>
  results.map((y, i) => (batched[i] ? y : broadcastShape(y, [size, ...y.shape])));

/**
 * The node by its decomposition. One that states a derivative keeps it: it becomes a composite that carries both, whose
 * own rule then batches both. Ops without a batching rule inside that derivative are decomposed in turn, derivatives and
 * all, since one of them may be the op itself.
 */
function withoutRule(node: Node): readonly Tensor[] {
  const { op, inputs } = node;
  if (op.decompose === undefined) {
    throw new DifferentiationError("E609", op.name, "it has neither a batching rule nor a decomposition", {
      at: place(node),
      fix: "give its record a batch, or map over the examples with scan",
    });
  }
  if (!hasVjp(node)) return decomposed(node, inputs);
  const vjp = (args: readonly Tensor[], results: readonly Tensor[], cotangents: readonly Tensor[]) => {
    const gradients = applyVjp(node, args, results, cotangents, transformsFor(node.op, []));
    const plain = walk(
      gradients.filter((dx) => dx !== null),
      [...args, ...results, ...cotangents],
      (inner) =>
        batchingOf(inner.op) === undefined && inner.op.decompose !== undefined
          ? { results: decomposed(inner, inner.inputs), open: true }
          : undefined,
    );
    let next = 0;
    return gradients.map((dx) => (dx === null ? null : plain[next++]!));
  };
  return composite({ name: op.name, version: op.version, vjp }, (...args) => decomposed(node, args), inputs);
}

const decomposed = (node: Node, args: readonly Tensor[]): readonly Tensor[] =>
  guarded(node, "decompose", () => node.op.decompose!(args, node.attrs));

function checkBatched(node: Node, result: Tensor | undefined, of: Tensor, size: Dim): Tensor {
  const shape = [size, ...of.shape];
  if (result !== undefined && result.dtype === of.dtype && sameShape(result.shape, shape)) return result;
  const found = result === undefined ? "nothing" : typeText(result);
  throw new ShapeError(
    "E202",
    node.op.name,
    `its batch rule gives ${found} where ${typeText({ dtype: of.dtype, shape })} is wanted`,
    {
      at: place(node),
      fix: `mend the batch rule of ${node.op.name}`,
    },
  );
}
