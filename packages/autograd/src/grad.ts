import {
  checkFunction,
  checkList,
  checkOptions,
  DifferentiationError,
  input,
  isFloat,
  OptionError,
  splat,
  substitute,
  type Tensor,
  typeText,
  withTrace,
} from "@tenon/ir";
import { treeUnflatten } from "@tenon/tree";
import { Beside, checkFloats, type Flat, flatten } from "./arguments.ts";
import { forward } from "./jvp.ts";
import { zerosOf } from "./rules.ts";
import { backward } from "./vjp.ts";

type AnyFunction = (...args: any[]) => unknown;

/** A function's outputs over fresh arguments: what is differentiated can then never be confused with an outer derivative. */
interface Applied {
  readonly inputs: readonly Tensor[];
  readonly outputs: Flat;
  /** What the function returns beside its result: it is rewritten with the outputs, and has no cotangents. */
  readonly beside: Beside;
}

function apply(op: string, f: AnyFunction, args: Flat): Applied {
  const inputs = args.leaves.map((t) => input(t));
  const beside = Beside.of(withTrace(() => f(...(treeUnflatten(args.structure, inputs) as unknown[]))));
  return { inputs, outputs: flatten(op, "the result", beside.result), beside };
}

const pairs = (from: readonly Tensor[], to: readonly Tensor[]): Map<Tensor, Tensor> =>
  new Map(from.map((t, i) => [t, to[i]!]));

/**
 * `f(...primals)`, and the function that takes cotangents of the result to cotangents of the primals, `dx = Jᵀ·dy`.
 * Arguments and result are tensors or trees of them; integers have zero cotangents.
 */
export function vjp<A extends readonly unknown[], Y>(
  f: (...args: A) => Y,
  ...primals: A
): [y: Y, pullback: (cotangents: Y) => A] {
  checkFunction("vjp", "f", f);
  const args = flatten("vjp", "an argument", primals);
  const { inputs, outputs, beside } = apply("vjp", f, args);
  const seeds = outputs.leaves.map((y) => (isFloat(y.dtype) ? input(y) : null));
  const { outputs: rewritten, gradients } = backward([...outputs.leaves, ...beside.tensors], inputs, seeds);
  const complete = gradients.map((dx, i) => dx ?? zerosOf(inputs[i]!));
  const found = substitute([...rewritten, ...complete], pairs(inputs, args.leaves));
  const count = outputs.leaves.length;
  beside.receive(found.slice(count, rewritten.length));
  const pullback = (cotangents: Y): A => {
    const given = flatten("vjp", "a cotangent", cotangents, outputs.structure);
    checkSame("vjp", "cotangent", given.leaves, outputs.leaves);
    const places = seeds.flatMap((seed, i) => (seed === null ? [] : [[seed, given.leaves[i]!] as const]));
    return treeUnflatten(args.structure, substitute(found.slice(rewritten.length), new Map(places))) as unknown as A;
  };
  return [treeUnflatten(outputs.structure, found.slice(0, count)) as unknown as Y, pullback];
}

/** `f(...primals)` and its change along `tangents`, `dy = J·dx`. Tangents of integers are ignored. */
export function jvp<A extends readonly unknown[], Y>(
  f: (...args: A) => Y,
  primals: A,
  tangents: A,
): [y: Y, tangent: Y] {
  checkFunction("jvp", "f", f);
  checkList("jvp", "primals", primals, "jvp(f, [x], [dx])");
  checkList("jvp", "tangents", tangents, "jvp(f, [x], [dx])");
  const args = flatten("jvp", "an argument", primals);
  const { leaves: given } = flatten("jvp", "a tangent", tangents, args.structure);
  checkSame("jvp", "tangent", given, args.leaves);
  const { inputs, outputs, beside } = apply("jvp", f, args);
  const changes = given.map((dx) => (isFloat(dx.dtype) ? dx : null));
  const pushed = forward([...outputs.leaves, ...beside.tensors], inputs, changes);
  const complete = outputs.leaves.map((y, i) => pushed.tangents[i] ?? zerosOf(y));
  const found = substitute([...complete, ...pushed.outputs], pairs(inputs, args.leaves));
  const count = outputs.leaves.length;
  beside.receive(found.slice(2 * count));
  const tree = (leaves: readonly Tensor[]): Y => treeUnflatten(outputs.structure, leaves) as unknown as Y;
  return [tree(found.slice(count, 2 * count)), tree(found.slice(0, count))];
}

function checkSame(op: string, what: string, given: readonly Tensor[], wanted: readonly Tensor[]): void {
  wanted.forEach((t, i) => {
    const found = typeText(given[i]!);
    if (found === typeText(t)) return;
    throw new DifferentiationError("E605", op, `${what} ${i} is ${found} where ${typeText(t)} is wanted`, {
      fix: `give a ${what} of the same shape and dtype for each tensor`,
    });
  });
}

type Argnums = number | readonly number[];

export interface GradOptions<N extends Argnums = Argnums> {
  /** The arguments to differentiate by; the first by default. */
  readonly argnums: N;
}

/** The gradients for `argnums`: of one argument, or a list. */
export type GradientsOf<A extends readonly unknown[], N> = N extends number
  ? A[N]
  : { [K in keyof N]: N[K] extends number ? A[N[K]] : never };

/** The function that gives the value of `f`, one float, and its gradients by the arguments `argnums`. */
export function valueAndGrad<A extends readonly unknown[]>(
  f: (...args: A) => Tensor,
): (...args: A) => [value: Tensor, gradients: A[0]];
export function valueAndGrad<A extends readonly unknown[], const N extends Argnums>(
  f: (...args: A) => Tensor,
  options: GradOptions<N>,
): (...args: A) => [value: Tensor, gradients: GradientsOf<A, N>];
export function valueAndGrad<A extends readonly unknown[]>(
  f: (...args: A) => Tensor,
  options: Partial<GradOptions> = {},
): (...args: A) => [value: Tensor, gradients: unknown] {
  checkFunction("grad", "f", f);
  checkOptions("grad", options, ["argnums"]);
  const { argnums = 0 } = options;
  return (...args) => {
    const chosen = chosenArguments(args, argnums);
    const flat = flatten(
      "grad",
      "an argument",
      chosen.map((i) => args[i]),
    );
    checkFloats("grad", "an argument", flat.leaves);
    const { inputs, outputs, beside } = apply(
      "grad",
      (...own: unknown[]) =>
        f(...(args.map((x, i) => (chosen.includes(i) ? own[chosen.indexOf(i)] : x)) as unknown as A)),
      flat,
    );
    const [y] = outputs.leaves;
    if (y === undefined || outputs.leaves.length > 1 || y.shape.length > 0 || !isFloat(y.dtype))
      throw notOneFloat(outputs.leaves);
    const { outputs: rewritten, gradients } = backward([y, ...beside.tensors], inputs, [splat(1, [], y.dtype)]);
    const complete = gradients.map((dx, i) => dx ?? zerosOf(inputs[i]!));
    const [value, ...found] = substitute([...rewritten, ...complete], pairs(inputs, flat.leaves));
    const count = beside.tensors.length;
    beside.receive(found.slice(0, count));
    const trees = treeUnflatten(flat.structure, found.slice(count)) as unknown as unknown[];
    return [value!, typeof argnums === "number" ? trees[0] : trees];
  };
}

function chosenArguments(args: readonly unknown[], argnums: number | readonly number[]): readonly number[] {
  const chosen = typeof argnums === "number" ? [argnums] : argnums;
  for (const i of chosen) {
    if (Number.isInteger(i) && i >= 0 && i < args.length) continue;
    throw new OptionError(
      "E803",
      "grad",
      `argnums holds ${i}, but the function is called with ${args.length} argument${args.length === 1 ? "" : "s"}`,
      {
        fix: "count arguments from 0",
      },
    );
  }
  return chosen;
}

function notOneFloat(results: readonly Tensor[]): DifferentiationError {
  return new DifferentiationError("E604", "grad", "the function's result is not one float", {
    operands: Object.fromEntries(results.slice(0, 8).map((t, i) => [`result ${i}`, t])),
    fix: "reduce it first, for example with sum(), or use vjp or jacobian",
  });
}

/** The gradient of `f`, one float, by its first argument, or by those of `argnums`. */
export function grad<A extends readonly unknown[]>(f: (...args: A) => Tensor): (...args: A) => A[0];
export function grad<A extends readonly unknown[], const N extends Argnums>(
  f: (...args: A) => Tensor,
  options: GradOptions<N>,
): (...args: A) => GradientsOf<A, N>;
export function grad<A extends readonly unknown[]>(
  f: (...args: A) => Tensor,
  options: Partial<GradOptions> = {},
): (...args: A) => unknown {
  const both = valueAndGrad(f, options as GradOptions);
  return (...args) => both(...args)[1];
}
