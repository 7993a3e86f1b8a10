import { constantOf, factorsOf, multiplyIndex, productOf, subtractIndex, sumOf, termsOf } from "./index-expression.ts";
import type { Index, IndexQuotient, IndexTerm, Parts, Remainder } from "./index-node.ts";
import { rare } from "./parts.ts";

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

/** The terms of an expression, with its remainders. */
export const partsOf = (x: Index): Parts =>
  x.kind === "sum" ? x.parts : { constant: constantOf(x), terms: termsOf(x), remainders: [] };

/**
 * Finds the remainders of a sum: `k·p − k·m·⌊p/m⌋ = k·(p mod m)`. Where m is a number, a coefficient near `−k·m` will do,
 * and what is over stays: `3p − 11⌊p/4⌋ = 3(p mod 4) + ⌊p/4⌋`.
 *
 * A quotient `⌊a/b⌋` may come from `p = a, m = b`, or, where the sum holds `⌊a/b'⌋` too and b' divides b, from
 * `p = ⌊a/b'⌋, m = b/b'`, since `⌊⌊a/b'⌋/m⌋ = ⌊a/(b'm)⌋`. Either way `k·p` must be among the terms with its sign, so that
 * taking it out makes no term larger.
 */
function remaindersOf(terms: readonly IndexTerm[], constant: number): Parts {
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
      const coefficient = left.get(of) ?? 0;
      const unit = divisor.kind === "constant" ? divisor.value : 1;
      const near = 0 - unit * Math.round(coefficient / unit);
      const scale = monomialQuotient(near, others, divisor);
      if (scale === undefined) continue;
      const taken = multiplyIndex(scale, dividend);
      if (!termsOf(taken).every((t) => covers(left.get(t.of) ?? 0, t.coefficient))) continue;
      for (const t of termsOf(taken)) left.set(t.of, left.get(t.of)! - t.coefficient);
      left.set(of, coefficient + near);
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
  if (divisor.kind === "constant" && coefficient % divisor.value === 0)
    return multiplyIndex(coefficient / divisor.value, ...factors);
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

/** A sum's remainders, and its range where terms vary each by itself, quotients alone or with what they are the quotient of. */
export function intervalAndParts(
  terms: readonly IndexTerm[],
  constant: number,
): { readonly low: number; readonly high: number; readonly parts: Parts } {
  const parts = remaindersOf(terms, constant);
  const apart = interval({ constant, terms, remainders: [] });
  if (parts.remainders.length === 0) return { ...apart, parts };
  const together = interval(parts);
  return { low: Math.max(apart.low, together.low), high: Math.min(apart.high, together.high), parts };
}

function interval({ constant, terms, remainders }: Parts): { low: number; high: number } {
  let [low, high] = [constant, constant];
  const add = (by: Interval, range: Interval): void => {
    const { low: least, high: most } = outward(...timesInterval(by, range));
    ({ low, high } = outward(low + least, high + most));
  };
  for (const { coefficient, of } of terms) add([coefficient, coefficient], [of.low, of.high]);
  for (const part of remainders) add([part.scale.low, part.scale.high], rangeOfRemainder(part));
  return { low, high };
}

/**
 * A value that `x` is never below: by its interval, or, where that is better, by putting in the bounds of variables that
 * are expressions (`j ≤ N − 1` in `N − 1 − j`) before the interval is taken.
 */
export const least = (x: Index): number => (isSymbolic(x) ? rare.now.relaxedLeast(x) : x.low);

/** Whether expressions stand in for numbers, so that an interval may not say everything. */
const isSymbolic = (x: Index): boolean =>
  x.kind === "sum" &&
  (x.innermost !== undefined ||
    x.terms.some((t) => t.of.kind === "product") ||
    x.parts.remainders.some((r) => r.divisor.kind !== "constant"));

/** A value that `x` is never above. */
export const greatest = (x: Index): number => (isSymbolic(x) ? 0 - least(sumOf([[-1, x]])) : x.high);

/** Surely a ≤ b. */
export const surelyAtMost = (a: Index, b: Index): boolean => a.high <= b.low || least(subtractIndex(b, a)) >= 0;
