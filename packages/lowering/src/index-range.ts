import { floorDiv } from "./index-division.ts";
import { constantOf, factorsOf, indexVariable, multiplyIndex, productOf, sumOf, termsOf } from "./index-expression.ts";
import type { Index, IndexQuotient, IndexTerm, IndexVariable } from "./index-node.ts";

type Interval = readonly [low: number, high: number];

/** Beyond this, bounds are no longer exact and are moved outwards. */
const EXACT = Number.MAX_SAFE_INTEGER;

/** The interval with bounds that are exact or infinite, so that no sum or product of bounds is NaN. */
export function outward(low: number, high: number): { readonly low: number; readonly high: number } {
  return {
    low: low < -EXACT ? -Infinity : low > EXACT ? EXACT : low + 0,
    high: high > EXACT ? Infinity : high < -EXACT ? -EXACT : high + 0,
  };
}

const times = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : a * b);

export function timesInterval([a, b]: Interval, [c, d]: Interval): Interval {
  const all = [times(a, c), times(a, d), times(b, c), times(b, d)];
  return [Math.min(...all), Math.max(...all)];
}

/** `scale · (dividend mod divisor)`. */
export interface Remainder {
  readonly scale: Index;
  readonly dividend: Index;
  readonly divisor: Index;
}

/** A sum in which remainders stand for the quotients that they come from. */
export interface Parts {
  readonly constant: number;
  readonly terms: readonly IndexTerm[];
  readonly remainders: readonly Remainder[];
}

/**
 * Finds the remainders of a sum: `k·p − k·m·⌊p/m⌋ = k·(p mod m)`.
 *
 * A quotient `⌊a/b⌋` may come from `p = a, m = b`, or, where the sum holds `⌊a/b'⌋` too and b' divides b, from
 * `p = ⌊a/b'⌋, m = b/b'`, since `⌊⌊a/b'⌋/m⌋ = ⌊a/(b'm)⌋`. Either way `k·p` must be among the terms with its sign, so that
 * taking it out makes no term larger.
 */
export function partsOf(terms: readonly IndexTerm[], constant: number): Parts {
  const quotients = terms.flatMap((term) => {
    const factors = factorsOf(term.of);
    return factors.flatMap((q, i) =>
      q.kind === "floordiv" ? [{ of: term.of, q, others: factors.toSpliced(i, 1) }] : [],
    );
  });
  if (quotients.length === 0) return { constant, terms, remainders: [] };
  quotients.sort((s, t) => t.q.b.high - s.q.b.high);
  const left = new Map(terms.map((t) => [t.of, t.coefficient]));
  const remainders: Remainder[] = [];
  let rest = constant;
  for (const { of, q, others } of quotients) {
    for (const [dividend, divisor] of dividendsOf(q, left)) {
      const scale = monomialQuotient(-(left.get(of) ?? 0), others, divisor);
      if (scale === undefined) continue;
      const taken = multiplyIndex(scale, dividend);
      if (!termsOf(taken).every((t) => covers(left.get(t.of) ?? 0, t.coefficient))) continue;
      for (const t of termsOf(taken)) left.set(t.of, left.get(t.of)! - t.coefficient);
      left.delete(of);
      rest -= constantOf(taken);
      remainders.push({ scale, dividend, divisor });
      break;
    }
  }
  const others = [...left].flatMap(([of, coefficient]) => (coefficient === 0 ? [] : [{ coefficient, of }]));
  return { constant: rest, terms: others, remainders };
}

const covers = (there: number, taken: number): boolean =>
  Math.sign(there) === Math.sign(taken) && Math.abs(there) >= Math.abs(taken);

/** What `q` may be a quotient of, and by what: quotients of the sum first, those with the largest divisor before others. */
function dividendsOf(q: IndexQuotient, left: ReadonlyMap<Index, number>): (readonly [Index, Index])[] {
  const found: (readonly [Index, Index])[] = [];
  for (const of of left.keys()) {
    for (const p of factorsOf(of)) {
      if (p.kind !== "floordiv" || p.a !== q.a || p === q) continue;
      const divisor = monomialQuotient(1, [q.b], p.b);
      if (divisor !== undefined) found.push([p, divisor]);
    }
  }
  found.sort(([, m], [, n]) => m.high - n.high);
  return [...found, [q.a, q.b]];
}

/** `coefficient · Π factors / divisor`, where that leaves nothing over and the divisor is a single term. */
export function monomialQuotient(coefficient: number, factors: readonly Index[], divisor: Index): Index | undefined {
  if (coefficient === 0) return undefined;
  const dividend = productOf(factors);
  const [term, ...more] = termsOf(divisor);
  if (more.length > 0 || (term !== undefined && constantOf(divisor) !== 0)) return undefined;
  const [over, under] = [termsOf(dividend), factorsOf(term?.of ?? divisor)];
  if (over.length > 1 || (over.length === 1 && constantOf(dividend) !== 0)) return undefined;
  const scale =
    (coefficient * (over[0]?.coefficient ?? constantOf(dividend))) / (term?.coefficient ?? constantOf(divisor));
  if (!Number.isInteger(scale)) return undefined;
  const left = over.length === 0 ? [] : [...factorsOf(over[0]!.of)];
  for (const factor of term === undefined ? [] : under) {
    const i = left.indexOf(factor);
    if (i < 0) return undefined;
    left.splice(i, 1);
  }
  return multiplyIndex(scale, ...left);
}

/** Range of `dividend mod divisor`. */
export function rangeOfRemainder({ dividend, divisor }: Remainder): Interval {
  const most = divisor.high - 1;
  return [0, dividend.low >= 0 ? Math.min(most, dividend.high) : most];
}

/** Range of a sum whose terms vary each by itself, except that quotients are kept with what they are the quotient of. */
export function intervalOfSum(terms: readonly IndexTerm[], constant: number): { low: number; high: number } {
  const parts = partsOf(terms, constant);
  let [low, high] = [parts.constant, parts.constant];
  const add = (by: Interval, range: Interval): void => {
    const { low: least, high: most } = outward(...timesInterval(by, range));
    ({ low, high } = outward(low + least, high + most));
  };
  for (const { coefficient, of } of parts.terms) add([coefficient, coefficient], [of.low, of.high]);
  for (const part of parts.remainders) add([part.scale.low, part.scale.high], rangeOfRemainder(part));
  return { low, high };
}

const leasts = new WeakMap<Index, number>();

/**
 * A value that `x` is never below: by its interval, or, where that is better, by putting in the bounds of variables that
 * are expressions (`j ≤ N − 1` in `N − 1 − j`) before the interval is taken.
 */
export function least(x: Index): number {
  let best = leasts.get(x);
  if (best !== undefined) return best;
  best = x.low;
  if (x.kind === "sum") {
    const seen = [x as Index];
    for (let rest = relaxed(x); rest !== undefined && seen.length < MAX_RELAXATIONS; rest = relaxed(rest)) {
      if (seen.includes(rest)) break;
      seen.push(rest);
    }
    const last = fromLowest(seen.at(-1)!);
    for (const bound of [...seen, last]) best = Math.max(best, bound.low);
  }
  leasts.set(x, best);
  return best;
}

/** More variables with symbolic bounds than a kernel has axes. */
const MAX_RELAXATIONS = 16;

/** A value that `x` is never above. */
export const greatest = (x: Index): number => (x.kind === "sum" ? 0 - least(sumOf([[-1, x]])) : x.high);

/** Surely a ≤ b. */
export const surelyAtMost = (a: Index, b: Index): boolean =>
  least(
    sumOf([
      [1, b],
      [-1, a],
    ]),
  ) >= 0;

/** An expression that is nowhere above `x`: without its symbolic remainders, or without the innermost axis of symbolic size. */
function relaxed(x: Index): Index | undefined {
  const parts = partsOf(termsOf(x), constantOf(x));
  if (parts.remainders.some((r) => r.divisor.kind !== "constant")) {
    const plain = parts.terms.map((t) => [t.coefficient, t.of] as const);
    return sumOf([...plain, ...parts.remainders.map((r) => [1, remainderBelow(r)] as const)], parts.constant);
  }
  const innermost = symbolicAxes(x).reduce<IndexVariable | undefined>(
    (u, v) => (u === undefined || v.id > u.id ? v : u),
    undefined,
  );
  return innermost === undefined ? undefined : bounded(x, innermost, false);
}

function remainderBelow({ scale, dividend, divisor }: Remainder): Index | number {
  if (divisor.kind === "constant" || (scale.low < 0 && scale.high > 0))
    return multiplyIndex(
      scale,
      sumOf([
        [1, dividend],
        [-1, multiplyIndex(divisor, floorDiv(dividend, divisor))],
      ]),
    );
  return scale.low >= 0 ? 0 : multiplyIndex(scale, sumOf([[1, divisor]], -1));
}

/** Variables with a bound that is an expression, within sums, products and dividends of `x`. */
function symbolicAxes(x: Index): IndexVariable[] {
  const found: IndexVariable[] = [];
  const open = [x];
  for (let y = open.pop(); y !== undefined; y = open.pop()) {
    if (y.kind === "sum") open.push(...y.terms.map((t) => t.of));
    else if (y.kind === "product") open.push(...y.factors);
    else if (y.kind === "floordiv") open.push(y.a);
    else if (y.kind === "variable" && (y.max.kind !== "constant" || y.min.kind !== "constant")) found.push(y);
  }
  return found;
}

/** `x` with bounds of `v` in its place, nowhere below (`up`) or nowhere above `x`; terms for which that cannot be told stay. */
function bounded(x: Index, v: IndexVariable, up: boolean): Index {
  return sumOf(
    termsOf(x).map(({ coefficient, of }) => {
      const factors = factorsOf(of);
      for (const [i, factor] of factors.entries()) {
        const others = factors.toSpliced(i, 1);
        if (others.some((f) => f.low < 0)) continue;
        const higher = coefficient > 0 === up;
        const bound =
          factor === v
            ? higher
              ? v.max
              : v.min
            : factor.kind === "floordiv"
              ? floorDiv(bounded(factor.a, v, higher), factor.b)
              : factor;
        if (bound !== factor) return [coefficient, productOf([bound, ...others])] as const;
      }
      return [coefficient, of] as const;
    }),
    constantOf(x),
  );
}

/**
 * The polynomial in how far its variables are above their least values, whose interval is exact where no coefficient is
 * negative: `N·K − N` with N, K ≥ 1 is `N'·K' + K'`.
 */
function fromLowest(x: Index): Index {
  const terms = termsOf(x);
  if (!terms.some((t) => t.of.kind === "product")) return x;
  const above = (v: Index): Index =>
    v.kind === "variable" && v.low !== 0 && Number.isFinite(v.high)
      ? sumOf([[1, indexVariable(`${v.name}'`, 0, v.high - v.low)]], v.low)
      : v;
  return sumOf(
    terms.map((t) => [t.coefficient, productOf(factorsOf(t.of).map(above))]),
    constantOf(x),
  );
}
