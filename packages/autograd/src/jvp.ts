import {
  applyOp,
  DifferentiationError,
  input,
  isFloat,
  type Node,
  type OpRecord,
  orderAfter,
  sameType,
  type Tensor,
  typeText,
  withOrigin,
  withTrace,
} from "@tenon/ir";
import { jvpOf } from "@tenon/ir/tangents";
import { forwardTransforms } from "./region-jvp.ts";
import {
  applyVjp,
  calledName,
  checked,
  guarded,
  hasVjp,
  notDifferentiable,
  place,
  plus,
  scaled,
  zerosOf,
} from "./rules.ts";
import { backward, transformsFor } from "./vjp.ts";
import { type Replacement, walk } from "./walk.ts";

/** What forward mode yields. */
export interface Forward {
  /** The outputs in the form that was differentiated: a loop computes its results and their tangents together. */
  readonly outputs: readonly Tensor[];
  /** `Σ ∂output/∂x · tangent` for each output; null where it depends on no tensor that has a tangent. */
  readonly tangents: readonly (Tensor | null)[];
}

/** Forward mode over a graph: the tangents of `outputs` from those of `wrt` (null: zero), in one sweep. */
export function forward(
  outputs: readonly Tensor[],
  wrt: readonly Tensor[],
  tangents: readonly (Tensor | null)[],
): Forward {
  const known = new Map<Tensor, Tensor>();
  wrt.forEach((x, i) => {
    const dx = tangents[i] ?? null;
    if (dx === null) return;
    checkTangent(x, dx);
    known.set(x, plus(known.get(x), dx));
  });
  const visit = (node: Node): Replacement | undefined => {
    if (!node.inputs.some((t) => known.has(t)) || !node.outputs.some((t) => isFloat(t.dtype))) return undefined;
    const pushed = withOrigin(node, () =>
      push(
        node,
        node.inputs.map((t) => known.get(t) ?? null),
      ),
    );
    const { results = node.outputs, changes } = pushed;
    changes?.forEach((dy, i) => {
      const y = results[i]!;
      if (isFloat(y.dtype) && checked(node, "jvp", dy, y, i) !== null) known.set(y, dy!);
    });
    return results === node.outputs ? undefined : { results, open: changes === undefined };
  };
  const rewritten = withTrace(() => walk(outputs, wrt, visit));
  return { outputs: rewritten, tangents: rewritten.map((y) => known.get(y) ?? null) };
}

function checkTangent(x: Tensor, dx: Tensor): void {
  if (sameType(x, dx) && isFloat(x.dtype)) return;
  throw new DifferentiationError("E605", "jvp", `the tangent is ${typeText(dx)} but the input is ${typeText(x)}`, {
    fix: "give a tangent of the input's shape and dtype, for float inputs only",
  });
}

/** The tangents of a node's results, or other tensors for its results whose nodes are to be pushed through instead. */
interface Pushed {
  readonly changes?: readonly (Tensor | null)[];
  readonly results?: readonly Tensor[];
}

function push(node: Node, tangents: readonly (Tensor | null)[]): Pushed {
  const { op, inputs, outputs, attrs } = node;
  const count = outputs.length;
  if (op.notDifferentiable !== undefined) throw notDifferentiable(node);
  const rule = jvpOf(op);
  if (rule !== undefined) {
    const list = guarded(node, "jvp", () => rule(inputs, tangents, outputs, attrs, forwardTransforms));
    const changes = list.slice(0, count);
    return list.length === count ? { changes } : { changes, results: list.slice(count) as readonly Tensor[] };
  }
  const linear = linearOperands(node);
  if (linear !== undefined && tangents.every((dx, i) => dx === null || linear[i])) {
    const operands = inputs.map((x, i) => tangents[i] ?? (linear[i] && isFloat(x.dtype) ? zerosOf(x) : x));
    return { changes: guarded(node, "jvp", () => applyOp(op, operands, attrs)) };
  }
  if (op.derivatives !== undefined) {
    const parts = guarded(node, "jvp", () => scaled(op, inputs, outputs[0]!, attrs, (i) => tangents[i]!));
    return { changes: [parts.reduce((total, part) => (part === null ? total : plus(total ?? undefined, part)), null)] };
  }
  if (op.augment === undefined && hasVjp(node)) return { changes: transposed(node, tangents) };
  if (op.augment !== undefined || op.decompose === undefined) throw notDifferentiable(node);
  return { results: guarded(node, "decompose", () => op.decompose!(inputs, attrs)) };
}

/** For each operand, whether the op is linear in it, jointly with the others so marked. */
function linearOperands({ op, inputs, attrs }: Node): readonly boolean[] | undefined {
  const { linear } = op;
  if (linear === undefined) return undefined;
  if (typeof linear === "function") return linear(attrs) ? inputs.map(() => true) : undefined;
  return inputs.map((_, i) => linear === true || linear.includes(nameOf(op, i)));
}

const nameOf = (op: OpRecord, i: number): string => op.inputs[Math.min(i, op.inputs.length - 1)]!.replace("...", "");

/**
 * The rule for reverse mode is linear in the cotangents, `dx = Jᵀ·dy`; its own derivative in `dy` along the tangent is
 * `J·tangent`. So an op that states only a vjp keeps its own convention at ties, and customGradient has a forward mode.
 */
function transposed(node: Node, tangents: readonly (Tensor | null)[]): readonly (Tensor | null)[] {
  const wanted = tangents.map((dx) => dx !== null);
  const seeds = node.outputs.map((y) => (isFloat(y.dtype) ? input(y) : zerosOf(y)));
  const floats = seeds.filter((t) => isFloat(t.dtype));
  const pulled = applyVjp(node, node.inputs, node.outputs, seeds, transformsFor(node.op, []), wanted);
  const parts = pulled.flatMap((dx, i) => (dx === null ? [] : [[dx, tangents[i]!] as const]));
  const { gradients } = backward(
    parts.map(([dx]) => dx),
    floats,
    parts.map(([, t]) => t),
  );
  const free = new Set(floats.map((t) => t.node));
  const given = gradients.filter((t) => t !== null);
  if (orderAfter(floats, given).some((n) => free.has(n))) {
    throw new DifferentiationError(
      "E606",
      calledName(node),
      "its vjp is not linear in the cotangents, so there is no forward mode through it",
      {
        at: place(node),
        fix: "use reverse mode, or give the op a jvp",
      },
    );
  }
  return node.outputs.map((y) => gradients[floats.indexOf(seeds[node.outputs.indexOf(y)]!)] ?? null);
}
