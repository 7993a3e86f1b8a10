import { DifferentiationError, type Elements, input, isFloat, type Tensor } from "@tenon/ir";
import { forward } from "./jvp.ts";
import { zerosOf } from "./rules.ts";
import { backward } from "./vjp.ts";

/** Computes tensors from the values of the inputs they depend on, in float64. */
export type Evaluate = (
  results: readonly Tensor[],
  values: ReadonlyMap<Tensor, Elements>,
) => readonly { readonly data: ArrayLike<number> }[];

/** How derivatives are compared. `@tenon/conformance` states the numbers. */
export interface GradientTolerance {
  /** Step of the central differences, for an element of size 1 or less; larger elements have a step in proportion. */
  readonly step: number;
  /** Of forward mode against central differences. */
  readonly relative: number;
  readonly absolute: number;
  /** Of reverse mode against forward mode, relative to the sum of the sizes of what is added up. */
  readonly transpose: number;
  /** The same, relative to `‖u‖₁·‖v‖₁`, where everything cancels. */
  readonly cancellation: number;
  /** Up to so many input elements the full Jacobian is compared, beyond that some random directions. */
  readonly fullJacobian: number;
  readonly directions: number;
}

export interface CheckOptions {
  readonly evaluate: Evaluate;
  readonly tolerance: GradientTolerance;
  /** Leaves differences out, at a point where the function is not smooth; forward and reverse mode must still agree. */
  readonly differences?: boolean;
}

/**
 * Compares the derivatives of `f` at `point`: forward mode with central differences,
 * `(f(x + h·v) − f(x − h·v)) / 2h ≈ J·v`, and reverse mode with forward mode, `⟨u, J·v⟩ = ⟨Jᵀ·u, v⟩`.
 * Throws at the first disagreement.
 */
export function checkGradients(
  f: (...args: Tensor[]) => readonly Tensor[],
  point: readonly Elements[],
  options: CheckOptions,
): void {
  const { evaluate, tolerance, differences = true } = options;
  const inputs = point.map((x) => input(x));
  const outputs = f(...inputs).filter((y) => isFloat(y.dtype));
  const floats = inputs.filter((x) => isFloat(x.dtype));
  const tangents = floats.map((x) => input(x));
  const cotangents = outputs.map((y) => input(y));
  const pushed = forward(outputs, floats, tangents).tangents.map((dy, i) => dy ?? zerosOf(outputs[i]!));
  const pulled = backward(outputs, floats, cotangents).gradients.map((dx, i) => dx ?? zerosOf(floats[i]!));

  const at = new Map(inputs.map((t, i) => [t, point[i]!]));
  const run = (results: readonly Tensor[], own: readonly Tensor[], values: Lists): Lists =>
    evaluate(results, new Map([...at, ...own.map((t, i) => [t, elements(t, values[i]!)] as const)])).map((r) => [
      ...Array.from(r.data),
    ]);
  const x = floats.map((t) => [...at.get(t)!.data]);
  const random = randomNumbers();
  const us = Array.from({ length: 3 }, () => outputs.map((y) => Array.from({ length: y.size }, random)));
  const pulls = us.map((u) => run(pulled, cotangents, u));

  for (const { v, h, name } of directions(x, tolerance, random)) {
    const jv = run(pushed, tangents, v);
    if (differences) {
      const up = run(outputs, floats, along(x, v, h));
      const down = run(outputs, floats, along(x, v, -h));
      jv.forEach((dy, i) => {
        dy.forEach((analytic, j) => {
          const numeric = (up[i]![j]! - down[i]![j]!) / (2 * h);
          const allowed = tolerance.absolute + tolerance.relative * Math.max(Math.abs(analytic), Math.abs(numeric));
          if (Math.abs(analytic - numeric) <= allowed || Object.is(analytic, numeric)) return;
          throw disagreement(
            `forward mode gives ${analytic} for element ${j} of result ${i} along ${name}, differences give ${numeric}`,
          );
        });
      });
    }
    us.forEach((u, k) => {
      const [left, leftSize] = inner(u, jv);
      const [right, rightSize] = inner(pulls[k]!, v);
      const floor = tolerance.cancellation * total(u) * total(v);
      if (Math.abs(left - right) <= floor + tolerance.transpose * (leftSize + rightSize)) return;
      if (Object.is(left, right)) return;
      throw disagreement(`⟨u, J·v⟩ is ${left} in forward mode but ${right} in reverse mode, along ${name}`);
    });
  }
}

type Lists = readonly (readonly number[])[];

interface Direction {
  readonly v: Lists;
  readonly h: number;
  readonly name: string;
}

function directions(x: Lists, tolerance: GradientTolerance, random: () => number): readonly Direction[] {
  const { step, fullJacobian } = tolerance;
  const size = x.reduce((n, list) => n + list.length, 0);
  const largest = Math.max(1, ...x.flat().map(Math.abs));
  if (size > fullJacobian) {
    return Array.from({ length: tolerance.directions }, (_, k) => ({
      v: x.map((list) => list.map(random)),
      h: step * largest,
      name: `random direction ${k}`,
    }));
  }
  return x.flatMap((list, i) =>
    list.map((value, j) => ({
      v: x.map((other, k) => other.map((_, l) => (k === i && l === j ? 1 : 0))),
      h: step * Math.max(1, Math.abs(value)),
      name: `element ${j} of float input ${i}`,
    })),
  );
}

const along = (x: Lists, v: Lists, h: number): Lists =>
  x.map((list, i) => list.map((value, j) => value + h * v[i]![j]!));

/** The inner product, and the same of absolute values. */
function inner(a: Lists, b: Lists): [value: number, size: number] {
  let [value, size] = [0, 0];
  a.forEach((list, i) => {
    list.forEach((x, j) => {
      const term = x * b[i]![j]!;
      value += term;
      size += Math.abs(term);
    });
  });
  return [value, size];
}

const total = (lists: Lists): number => lists.reduce((sum, list) => list.reduce((s, x) => s + Math.abs(x), sum), 0);

const elements = (t: Tensor, values: readonly number[]): Elements => ({
  dtype: t.dtype,
  shape: t.shape as readonly number[],
  data: Float64Array.from(values),
});

/**
 * Multiples of 1/16 in [−1, 1), which every float dtype holds, the same in every run: a linear congruence modulo 2^32
 * (Numerical Recipes, 3rd edition, p. 343).
 */
function randomNumbers(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 27) / 16 - 1;
  };
}

const disagreement = (problem: string): DifferentiationError =>
  new DifferentiationError("E613", "checkGradients", problem, {
    fix: "mend the rule that differs, or leave points out where the function is not smooth",
  });
