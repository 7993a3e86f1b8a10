import type { Dim } from "@tenon/ir";
import { maximum, minimum } from "./index-choice.ts";
import { floorDiv } from "./index-division.ts";
import {
  compareNodes,
  type Index,
  type IndexConstant,
  type IndexProduct,
  type IndexQuotient,
  type IndexSum,
  type IndexTerm,
  type IndexVariable,
  innermostOf,
  intern,
} from "./index-node.ts";
import { intervalAndParts, outward, timesInterval } from "./index-range.ts";
import { rare } from "./parts.ts";

/*
 * Integer expressions in which kernels address memory. An expression is simplified when it is made, and interned: two
 * expressions that simplify to the same are one object. For every assignment within the variables' ranges an expression
 * has the value that its definition gives; values are taken to stay below 2^53.
 *
 * The normal form is a polynomial over variables, quotients, choices and selections. `a mod b` is `a − b·⌊a/b⌋`, so that
 * what a reshape takes apart cancels where another puts it together; `foldIndex` finds the remainders again.
 */

/** An expression, or a number in its place. */
export type IndexLike = Index | number;

export const toIndex = (x: IndexLike): Index => (typeof x === "number" ? constantIndex(x) : x);

/** Small constants are kept for ever. */
const small: IndexConstant[] = [];
const MAX_KEPT = 1024;

export function constantIndex(value: number): IndexConstant {
  const known = small[value];
  if (known !== undefined) return known;
  const whole = exact(value);
  const node = intern<IndexConstant>("constant", [whole], () => ({
    value: whole,
    low: whole,
    high: whole,
    multiple: Math.abs(whole),
  }));
  if (whole >= 0 && whole < MAX_KEPT) small[whole] = node;
  return node;
}

function exact(n: number): number {
  if (Number.isSafeInteger(n)) return n + 0; // -0 becomes 0
  throw rare.now.failures.inexact(n);
}

/**
 * An integer from `min` to `max`, both inclusive, known by its name. The bounds may be expressions, `j ≤ N − 1`; where `max`
 * falls below `min` there is no such integer and what is computed from it is never used. One that can have a single value
 * is that value.
 */
export function indexVariable(
  name: string,
  min: IndexLike,
  max: IndexLike,
  { multiple = 1 }: { readonly multiple?: number } = {},
): Index {
  const [first, last] = [toIndex(min), toIndex(max)];
  if (first === last || (first.kind === "constant" && last.low === last.high && last.high <= first.low)) return first;
  return intern<IndexVariable>("variable", [name, first, last, multiple], () => ({
    name,
    min: first,
    max: last,
    low: first.low,
    high: Math.max(first.low, last.high),
    multiple,
  }));
}

/** A loop axis: an integer from 0 to `size − 1`. */
export const indexAxis = (name: string, size: IndexLike): Index => indexVariable(name, 0, addIndex(size, -1));

/** A size of the IR; its symbols become variables of their names and ranges. */
export function indexOfDim(d: Dim): Index {
  if (typeof d === "number") return constantIndex(d);
  return sumOf(
    d.terms.map(({ coefficient, factors }) => {
      const product = factors.map((f) => {
        if (f.kind === "symbol") return indexVariable(f.name, f.min, f.max, { multiple: f.multiple });
        const [a, b] = [indexOfDim(f.a), indexOfDim(f.b)];
        return f.kind === "floordiv" ? floorDiv(a, b) : f.kind === "max" ? maximum(a, b) : minimum(a, b);
      });
      return [coefficient, productOf(product)] as const;
    }),
  );
}

export const addIndex = (...operands: readonly IndexLike[]): Index => sumOf(operands.map((x) => [1, x]));
export const subtractIndex = (a: IndexLike, b: IndexLike): Index =>
  sumOf([
    [1, a],
    [-1, b],
  ]);
export const multiplyIndex = (...operands: readonly IndexLike[]): Index => productOf(operands.map(toIndex));

/** `n · x`, for a number. */
export const scaleIndex = (n: number, x: Index): Index => (n === 1 ? x : sumOf([[n, x]]));

/** The terms of an expression, without its constant. */
export function termsOf(x: Index): readonly IndexTerm[] {
  if (x.kind === "sum") return x.terms;
  return x.kind === "constant" ? [] : [{ coefficient: 1, of: x }];
}

export const constantOf = (x: Index): number => (x.kind === "sum" ? x.constant : x.kind === "constant" ? x.value : 0);

/** `constant + Σ coefficient · of`. */
export function sumOf(parts: readonly (readonly [coefficient: number, of: IndexLike])[], constant = 0): Index {
  const coefficients = new Map<Index, number>();
  let total = constant;
  for (const [scale, x] of parts) {
    if (typeof x === "number") {
      total = exact(total + scale * x);
      continue;
    }
    total = exact(total + scale * constantOf(x));
    for (const { coefficient, of } of termsOf(x))
      coefficients.set(of, exact((coefficients.get(of) ?? 0) + scale * coefficient));
  }
  const terms: IndexTerm[] = [];
  for (const [of, coefficient] of coefficients) if (coefficient !== 0) terms.push({ coefficient, of });
  for (const term of terms) {
    const whole = withoutQuotient(term);
    if (whole === undefined) continue;
    const others = terms.filter((t) => t !== term).map((t) => [t.coefficient, t.of] as const);
    return sumOf([...others, [1, whole]], total);
  }
  return internSum(terms, total);
}

function internSum(terms: IndexTerm[], constant: number): Index {
  const [first] = terms;
  if (first === undefined) return constantIndex(constant);
  if (terms.length === 1 && first.coefficient === 1 && constant === 0) return first.of;
  terms.sort((s, t) => compareNodes(s.of, t.of));
  const parts = terms.flatMap((t) => [t.coefficient, t.of]);
  return intern<IndexSum>("sum", [constant, ...parts], () => ({
    terms,
    constant,
    ...intervalAndParts(terms, constant),
    multiple: terms.reduce((g, t) => gcd(g, multipleOfTerm(t)), Math.abs(constant)),
    innermost: innermostOf(terms.map((t) => t.of)),
  }));
}

function multipleOfTerm({ coefficient, of }: IndexTerm): number {
  const multiple = coefficient * of.multiple;
  return Number.isSafeInteger(multiple) ? multiple : coefficient;
}

/** `c·p·⌊a/n⌋` is `(c/g)·p·(a/(n/g))` for `g` dividing both c and n, where n divides every value of a. */
function withoutQuotient({ coefficient, of }: IndexTerm): Index | undefined {
  for (const factor of factorsOf(of)) {
    if (factor.kind !== "floordiv" || factor.b.kind !== "constant") continue;
    const g = gcd(coefficient, factor.b.value);
    if (g === 1 || factor.a.multiple % factor.b.value !== 0) continue;
    const others = without(factorsOf(of), factor);
    return multiplyIndex(coefficient / g, floorDiv(factor.a, factor.b.value / g), ...others);
  }
  return undefined;
}

export const factorsOf = (x: Index): readonly Index[] => (x.kind === "product" ? x.factors : [x]);

const without = (factors: readonly Index[], gone: Index): readonly Index[] =>
  factors.toSpliced(factors.indexOf(gone), 1);

/** Most terms that a product of sums is multiplied out to. */
const MAX_TERMS = 64;

/** The product of expressions: sums are multiplied out, where they do not give too many terms. */
export function productOf(operands: readonly Index[]): Index {
  const [a, b] = operands;
  if (operands.length === 1) return a!;
  if (operands.length === 2 && a!.kind === "constant") return scaleIndex(a!.value, b!);
  if (operands.length === 2 && b!.kind === "constant") return scaleIndex(b!.value, a!);
  let coefficient = 1;
  const factors: Index[] = [];
  for (const x of operands.flatMap(factorsOf)) {
    const content = contentOf(x);
    coefficient = exact(coefficient * content);
    if (content === 0) return constantIndex(0);
    const rest = content === 1 ? x : divideExactly(x, content);
    if (rest.kind !== "constant") factors.push(...factorsOf(rest));
  }
  if (factors.length === 0) return constantIndex(coefficient);
  const count = factors.reduce((n, x) => n * termCount(x), 1);
  if (count > MAX_TERMS && factors.length > 1) return sumOf([[coefficient, internProduct(factors)]]);
  let terms: readonly (readonly [number, readonly Index[]])[] = [[coefficient, []]];
  for (const x of factors) {
    const own = termsOf(x).map((t) => [t.coefficient, [t.of]] as [number, Index[]]);
    const constant = constantOf(x);
    if (constant !== 0) own.push([constant, []]);
    terms = terms.flatMap(([c, fs]) => own.map(([d, gs]) => [exact(c * d), [...fs, ...gs]] as const));
  }
  return sumOf(
    terms.map(([c, fs]) => [c, fs.length === 0 ? 1 : fs.length === 1 ? fs[0]! : internProduct(fs.flatMap(factorsOf))]),
  );
}

const termCount = (x: Index): number => termsOf(x).length + (constantOf(x) === 0 ? 0 : 1);

/** The number that divides every coefficient, negative where the first one is; of a constant, the constant. */
export function contentOf(x: Index): number {
  if (x.kind === "constant") return x.value;
  const terms = termsOf(x);
  const g = terms.reduce((n, t) => gcd(n, t.coefficient), Math.abs(constantOf(x)));
  return terms[0]!.coefficient < 0 ? -g : g;
}

/** `x / n`, where n divides every coefficient. */
export const divideExactly = (x: Index, n: number): Index =>
  sumOf(
    termsOf(x).map((t) => [t.coefficient / n, t.of]),
    constantOf(x) / n,
  );

function internProduct(list: readonly Index[]): Index {
  const factors = list.toSorted(compareNodes);
  return intern<IndexProduct>("product", factors, () => {
    let range: readonly [number, number] = [1, 1];
    for (const f of factors) range = timesInterval(range, [f.low, f.high]);
    const multiple = factors.reduce((n, f) => n * f.multiple, 1);
    return {
      factors,
      ...outward(...range),
      multiple: Number.isSafeInteger(multiple) ? multiple : 1,
      innermost: innermostOf(factors),
    };
  });
}

/** The quotient as it stands; for `floorDiv`, which knows when it may. */
export function internQuotient(a: Index, b: Index): Index {
  return intern<IndexQuotient>("floordiv", [a, b], () => {
    const [small, large] = [Math.max(1, b.low), Math.max(1, b.high)];
    const low = Math.floor(a.low / (a.low < 0 ? small : large));
    const high = Math.floor(a.high / (a.high < 0 ? large : small));
    const whole = b.kind === "constant" && a.multiple % b.value === 0;
    return { a, b, ...outward(low, high), multiple: whole ? a.multiple / b.value : 1, innermost: innermostOf([a]) };
  });
}

export function gcd(a: number, b: number): number {
  let [x, y] = [Math.abs(a), Math.abs(b)];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}
