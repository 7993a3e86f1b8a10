import { type Dim, type DimAtom, type DimTerm, dimAdd, dimCall, dimMul, dimSub, productOf, termsOf } from "./dim.ts";
import { dimRange } from "./dim-range.ts";
import { ShapeError } from "./errors.ts";

/** ⌊a / b⌋; b is at least 1. What b divides is divided exactly and stands outside. */
export function dimFloorDiv(a: Dim, b: Dim): Dim {
  if (typeof b === "number" && b < 1) throw new ShapeError("E212", "dim", `${a} floordiv ${b} has a divisor below 1`);
  if (typeof a === "number" && typeof b === "number") return Math.floor(a / b);
  const [quotient, rest] = divide(a, b);
  return typeof b === "number" ? dimAdd(quotient, byNumber(rest, b)) : dimAdd(quotient, belowOnce(rest, b));
}

/** a − b·⌊a / b⌋; b is at least 1. */
export function dimMod(a: Dim, b: Dim): Dim {
  if (typeof b === "number" && b < 1) throw new ShapeError("E212", "dim", `${a} mod ${b} has a divisor below 1`);
  return dimSub(a, dimMul(b, dimFloorDiv(a, b)));
}

/** The quotient of what no longer divides exactly; 0 where b surely goes into it 0 times. */
function belowOnce(rest: Dim, b: Dim): Dim {
  if (rest === 0 || (dimRange(rest)[0] >= 0 && dimRange(dimSub(b, rest))[0] > 0)) return 0;
  return dimCall("floordiv", rest, b);
}

/** Terms that are multiples of b because their symbols are each have a quotient of their own; the others share one. */
function byNumber(rest: Dim, b: number): Dim {
  let [sum, others]: [Dim, Dim] = [0, 0];
  for (const term of termsOf(rest)) {
    if (multipleOf(term) % b === 0) sum = dimAdd(sum, reduced(termDim(term), b));
    else others = dimAdd(others, termDim(term));
  }
  return dimAdd(sum, reduced(others, b));
}

/** ⌊d / b⌋ with what divides both cancelled. */
function reduced(d: Dim, b: number): Dim {
  const divisor = termsOf(d).reduce((g, t) => gcd(g, t.coefficient), b);
  return belowOnce(divisor === 1 ? d : divide(d, divisor)[0], b / divisor);
}

function gcd(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return Math.abs(a);
}

/** A number that surely divides the term. */
const multipleOf = ({ coefficient, factors }: DimTerm): number =>
  factors.reduce((n, f) => n * (f.kind === "symbol" ? f.multiple : 1), coefficient);

/** Whether the factor is a quotient without a remainder whose divisor divides `coefficient`. */
export function isWhole(factor: DimAtom, coefficient: number): boolean {
  const { b } = factor as { readonly b?: Dim };
  if (factor.kind !== "floordiv" || typeof b !== "number" || coefficient % b !== 0) return false;
  return termsOf(factor.a).every((t) => multipleOf(t) % b === 0);
}

/** Polynomials with `a = quotient·b + rest`, of which the rest has no term that b divides. */
function divide(a: Dim, b: Dim): readonly [quotient: Dim, rest: Dim] {
  const [divisor, ...more] = termsOf(b);
  if (divisor === undefined) return [0, a];
  if (more.length > 0) return divideExactly(a, b, divisor);
  let [quotient, rest]: [Dim, Dim] = [0, 0];
  for (const term of termsOf(a)) {
    const part = quotientOf(term, divisor);
    if (part !== 0) quotient = dimAdd(quotient, part);
    rest = dimAdd(rest, part === 0 ? termDim(term) : dimSub(termDim(term), dimMul(part, b)));
  }
  return [quotient, rest];
}

/** Long division by a polynomial of several terms; all or nothing. */
function divideExactly(a: Dim, b: Dim, leading: DimTerm): readonly [quotient: Dim, rest: Dim] {
  let [quotient, rest]: [Dim, Dim] = [0, a];
  for (let steps = termsOf(a).length; steps > 0 && rest !== 0; steps--) {
    const part: Dim = quotientOf(termsOf(rest)[0]!, leading);
    if (part === 0) break;
    quotient = dimAdd(quotient, part);
    rest = dimSub(rest, dimMul(part, b));
  }
  return rest === 0 ? [quotient, 0] : [0, a];
}

/** How often one term goes into another; 0 where it does not. Constants are rounded down, other coefficients towards 0. */
function quotientOf(term: DimTerm, divisor: DimTerm): Dim {
  const factors = [...term.factors];
  for (const factor of divisor.factors) {
    const i = factors.findIndex((f) => f.key === factor.key);
    if (i < 0) return 0;
    factors.splice(i, 1);
  }
  const times = term.coefficient / divisor.coefficient;
  const whole = term.factors.length === 0 ? Math.floor(times) : Math.trunc(times);
  return whole === 0 ? 0 : productOf(whole, factors);
}

const termDim = ({ coefficient, factors }: DimTerm): Dim => productOf(coefficient, factors);
