import * as autograd from "@tenon/autograd";
import { backward } from "@tenon/autograd";
import {
  checkFunction,
  DifferentiationError,
  input,
  isFloat,
  OptionError,
  splat,
  substitute,
  Tensor,
  type TensorType,
  typeText,
  valueText,
} from "@tenon/ir";
import { treeLeaves } from "@tenon/tree";
import { inFrame, OverlayFrame } from "./frame.ts";
import { assigning } from "./transforms.ts";
import { type HasVariables, Variable, type VariableTree, variables, variablesOf } from "./variable.ts";

/** Gradients in the shape of the tree of Variables they were taken of; those that are not trainable are left out. */
export type Gradients = Tensor | null | readonly Gradients[] | { readonly [key: string]: Gradients };

/** The shape of the gradients for what was given as `wrt`. */
export type GradientsOf<W> = W extends Variable
  ? Tensor
  : W extends { [variables](): unknown }
    ? Gradients
    : W extends readonly unknown[] | object
      ? { [K in keyof W]: GradientsOf<W[K]> }
      : Gradients;

/**
 * The loss and its gradients. `loss` runs once; Variables it assigns, such as running statistics, are assigned.
 *
 * @param wrt A Variable, a tree of Variables, or an object that shows its Variables.
 */
export function valueAndGrad<W extends HasVariables>(
  loss: () => Tensor,
  wrt: W,
): [loss: Tensor, gradients: GradientsOf<W>] {
  const [value, gradients] = differentiate("valueAndGrad", loss, wrt);
  return [value, gradients as GradientsOf<W>];
}

function differentiate(op: string, loss: () => Tensor, wrt: HasVariables): [loss: Tensor, gradients: Gradients] {
  checkFunction(op, "loss", loss);
  if (typeof wrt !== "object") {
    throw new OptionError("E803", op, `wrt is ${valueText(wrt)}, and holds no Variables`, {
      fix: `say what to differentiate by, as in ${op}(() => loss, variables)`,
    });
  }
  const tree = variablesOf(wrt);
  const wanted = [...new Set(treeLeaves<unknown>(tree) as Variable[])].filter((v) => v.trainable);
  if (wanted.length === 0) {
    throw new DifferentiationError("E610", op, "there is no trainable Variable to differentiate by", {
      fix: "pass Variables, and set trainable on those that are learned",
    });
  }
  for (const v of wanted) checkFloat(op, v.label(), v);
  const own = new Map(wanted.map((v) => [v, input(v, v.name)]));
  const frame = new OverlayFrame(own);
  const y = inFrame(frame, loss);
  checkLoss(op, y);
  const leaves = [...own.values()];
  const written = [...frame.writes];
  const outputs = [y, ...written.map(([, value]) => value)];
  const { outputs: rewritten, gradients } = backward(outputs, leaves, [
    splat(1, [], y.dtype),
    ...written.map(() => null),
  ]);
  const complete = gradients.map((g, i) => g ?? splat(0, leaves[i]!.shape, leaves[i]!.dtype));
  const values = new Map([...own].map(([v, leaf]) => [leaf, frame.readOutside(v)]));
  const [value, ...rest] = substitute([...rewritten, ...complete], values);
  written.forEach(([v], i) => {
    frame.writeOutside(v, rest[i]!);
  });
  const gradientOf = new Map(wanted.map((v, i) => [v, rest[written.length + i]!]));
  return [value!, gradientTree(tree, gradientOf)];
}

function checkFloat(op: string, label: string, type: TensorType): void {
  if (isFloat(type.dtype)) return;
  throw new DifferentiationError("E611", op, `${label} is ${typeText(type)}, and only floats have gradients`, {
    fix: "make it with trainable: false, or with a role such as state, or leave it out",
  });
}

function checkLoss(op: string, y: unknown): asserts y is Tensor {
  if (!(y instanceof Tensor)) {
    throw new DifferentiationError("E604", op, `the loss is ${valueText(y)}, which is no tensor`, {
      fix: "return a tensor of rank 0 from a synchronous function",
    });
  }
  if (y.shape.length > 0 || !isFloat(y.dtype)) {
    throw new DifferentiationError("E604", op, "the loss is not one float", {
      operands: { loss: y },
      fix: "reduce it first, for example with mean()",
    });
  }
}

/** The tree with a gradient for each trainable Variable, and without the others. */
function gradientTree(tree: VariableTree, gradients: ReadonlyMap<Variable, Tensor>): Gradients {
  const pruned = (t: VariableTree): Gradients | undefined => {
    if (t === null) return null;
    if (t instanceof Variable) return gradients.get(t);
    if (Array.isArray(t)) return t.map(pruned).filter((g) => g !== undefined);
    return Object.fromEntries(
      Object.entries(t).flatMap(([name, child]) => {
        const g = pruned(child as VariableTree);
        return g === undefined ? [] : [[name, g]];
      }),
    );
  };
  return pruned(tree) ?? null;
}

/** Options of `grad` as a transform. */
export interface GradOptions {
  /** Which arguments to differentiate by; the first by default. */
  readonly argnums: number | readonly number[];
}

/** The gradients of a loss with respect to Variables, at once. */
export function grad<W extends HasVariables>(loss: () => Tensor, wrt: W): GradientsOf<W>;
/** A function's derivative in its first argument, or in those of `argnums`, as a function. What `f` assigns is assigned. */
export function grad<A extends readonly Tensor[]>(
  f: (...args: A) => Tensor,
  options?: { readonly argnums: number },
): (...args: A) => Tensor;
export function grad<A extends readonly Tensor[]>(
  f: (...args: A) => Tensor,
  options: { readonly argnums: readonly number[] },
): (...args: A) => Tensor[];
export function grad(f: (...args: any[]) => Tensor, second?: GradOptions | HasVariables): unknown {
  if (second !== undefined && !isOptions(second)) return differentiate("grad", f, second)[1];
  checkFunction("grad", "f", f);
  return autograd.grad(assigning(f), second as GradOptions);
}

/** Anything else, the empty list and record included, is what to differentiate by. */
function isOptions(second: unknown): second is GradOptions {
  if (typeof second !== "object" || second === null || Object.keys(second).join() !== "argnums") return false;
  const { argnums } = second as GradOptions;
  return typeof argnums === "number" || (Array.isArray(argnums) && argnums.every((i) => typeof i === "number"));
}
