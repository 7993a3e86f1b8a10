import {
  type Attrs,
  add,
  DifferentiationError,
  type Fn,
  isFloat,
  mul,
  type Node,
  type Operand,
  type OpRecord,
  type ReverseTransforms,
  sameType,
  splat,
  TenonError,
  Tensor,
  typeText,
} from "@tenon/ir";

/** Zeros of a tensor's type. */
export const zerosOf = ({ shape, dtype }: Tensor): Tensor => splat(0, shape, dtype);

/** The sum of two tensors of one type. */
export const plus = (a: Tensor | undefined, b: Tensor): Tensor => (a === undefined ? b : add(a, b));

/** The derivative that an op carries with itself: a function from operands, results and cotangents to cotangents. */
export function embeddedVjp(node: Node): Fn | undefined {
  return node.op.attrs.vjp?.kind === "function" ? (node.attrs.vjp as unknown as Fn | undefined) : undefined;
}

/** Whether the record, or the node itself, states a derivative for reverse mode. */
export const hasVjp = (node: Node): boolean =>
  embeddedVjp(node) !== undefined || node.op.vjp !== undefined || node.op.derivatives !== undefined;

/**
 * Cotangents of a node's operands from those of its results; `args` and `results` stand in the place of its own.
 *
 * @param wanted The operands whose cotangents matter; all floats by default.
 */
export function applyVjp(
  node: Node,
  args: readonly Tensor[],
  results: readonly Tensor[],
  cotangents: readonly Tensor[],
  ad: ReverseTransforms,
  wanted: readonly boolean[] = args.map((x) => isFloat(x.dtype)),
): readonly (Tensor | null)[] {
  const { op, attrs } = node;
  return guarded(node, "vjp", () => {
    const embedded = embeddedVjp(node);
    const gradients =
      embedded !== undefined
        ? embedded.inline([...args, ...results, ...cotangents])
        : op.vjp !== undefined
          ? op.vjp(args, results, cotangents, attrs, ad)
          : scaled(op, args, results[0]!, attrs, (i) => (wanted[i] ? cotangents[0]! : null));
    return args.map((x, i) => (wanted[i] ? checked(node, "vjp", gradients[i] ?? null, x, i) : null));
  });
}

/** `∂y/∂x · change`, per operand. */
export function scaled(
  op: OpRecord,
  inputs: readonly Tensor[],
  y: Tensor,
  attrs: Attrs,
  change: (i: number) => Tensor | null,
): readonly (Tensor | null)[] {
  return op.derivatives!(inputs, y, attrs).map((slope, i) => {
    const dx = change(i);
    return dx === null || slope === null ? null : times(dx, slope);
  });
}

const times = (x: Tensor, slope: Operand): Tensor => (slope === 1 ? x : mul(x, slope));

/** What an op is called: a composite that carries its own derivative by its own name. */
export const calledName = (node: Node): string =>
  embeddedVjp(node) !== undefined && typeof node.attrs.name === "string" ? node.attrs.name : node.op.name;

/** A cotangent or tangent that has the type of the tensor it belongs to: operand or result `i` of the node. */
export function checked(
  node: Node,
  rule: "vjp" | "jvp",
  gradient: Tensor | null,
  of: Tensor,
  i: number,
): Tensor | null {
  if (gradient === null || (gradient instanceof Tensor && sameType(gradient, of))) return gradient;
  const known = (rule === "vjp" ? node.op.inputs : node.op.results)[i];
  const name = known === undefined || known.startsWith("...") ? `${rule === "vjp" ? "operand" : "result"} ${i}` : known;
  const op = calledName(node);
  const found = gradient instanceof Tensor ? typeText(gradient) : String(gradient);
  throw new DifferentiationError("E603", op, `its ${rule} rule gives ${found} for ${name}, which is ${typeText(of)}`, {
    at: place(node),
    fix: `mend the ${rule} rule of ${op}`,
  });
}

/** Runs a rule; an error in it is told as the rule's. */
export function guarded<T>(node: Node, rule: string, body: () => T): T {
  try {
    return body();
  } catch (cause) {
    if (cause instanceof DifferentiationError) throw cause;
    const problem = cause instanceof TenonError ? `${cause.code} ${cause.op}: ${cause.problem}` : String(cause);
    throw new DifferentiationError("E607", calledName(node), `its ${rule} rule failed: ${problem}`, {
      at: place(node),
      cause,
    });
  }
}

/** The refusal of an op that no rule covers. */
export function notDifferentiable(node: Node): DifferentiationError {
  const { name, notDifferentiable: reason } = node.op;
  return reason !== undefined
    ? new DifferentiationError("E601", name, `it cannot be differentiated: ${reason}`, {
        at: place(node),
        fix: "keep it out of what is differentiated, or cut the derivative before it with stopGradient",
      })
    : new DifferentiationError("E602", name, "it has neither a derivative nor a decomposition", {
        at: place(node),
        fix: "give its record a vjp, or wrap it in customGradient",
      });
}

/** Layer path and source line of a node. */
export const place = ({ scope, source }: Node): string | undefined =>
  scope === undefined ? source : source === undefined ? scope : `${scope} (${source})`;
