import {
  addIndex,
  constantIndex,
  constantOf,
  divideExactly,
  factorsOf,
  gcd,
  type IndexLike,
  internQuotient,
  multiplyIndex,
  subtractIndex,
  sumOf,
  termsOf,
  toIndex,
} from "./index-expression.ts";
import type { Index } from "./index-node.ts";
import {
  greatest,
  least,
  monomialQuotient,
  partsOf,
  rangeOfRemainder,
  surelyAtMost,
  timesInterval,
} from "./index-range.ts";
import { rare } from "./parts.ts";

/** A term or remainder of a sum that is being divided: what divides it, its range, and what it adds to a sum. */
interface Part {
  readonly divisor: number;
  readonly range: readonly [low: number, high: number];
  terms(): readonly (readonly [coefficient: number, of: Index])[];
}

/** ⌈a / b⌉; b is at least 1. */
export const ceilDiv = (a: IndexLike, b: IndexLike): Index => floorDiv(addIndex(a, b, -1), b);

/** ⌊a / b⌋; b is at least 1. */
export function floorDiv(a: IndexLike, b: IndexLike): Index {
  const [x, y] = [toIndex(a), toIndex(b)];
  const smallest = least(y);
  if (smallest < 1) throw rare.now.failures.divisor(smallest);
  return y.kind === "constant" ? byNumber(x, y.value) : bySize(x, y);
}

/** `a − b·⌊a / b⌋`; b is at least 1. */
export function modIndex(a: IndexLike, b: IndexLike): Index {
  return subtractIndex(a, multiplyIndex(b, floorDiv(a, b)));
}

/**
 * Division by a number. What n divides stands outside: `⌊(n·q + r)/n⌋ = q + ⌊r/n⌋`; a term whose values n divides, though
 * not its coefficient, has a quotient of its own.
 */
function byNumber(a: Index, n: number): Index {
  if (n === 1) return a;
  const outside: (readonly [number, Index])[] = [];
  const inside: (readonly [number, Index])[] = [];
  for (const { coefficient, of } of termsOf(a)) {
    const times = Math.trunc(coefficient / n);
    const rest = coefficient - times * n;
    if (times !== 0) outside.push([times, of]);
    if (rest === 0) continue;
    if ((rest * of.multiple) % n === 0 && Number.isSafeInteger(rest * of.multiple)) {
      const g = gcd(rest, n) * Math.sign(rest);
      outside.push([Math.sign(rest), internQuotient(sumOf([[rest / g, of]]), constantIndex(n / Math.abs(g)))]);
    } else inside.push([rest, of]);
  }
  const times = Math.floor(constantOf(a) / n);
  const rest = sumOf(inside, constantOf(a) - times * n);
  return sumOf([...outside, [1, withoutMultiples(rest, n)]], times);
}

/** ⌊a / n⌋, where n divides no term of a. */
function withoutMultiples(a: Index, n: number): Index {
  const times = timesOfNumber(a, n);
  if (times !== undefined) return constantIndex(times);
  const coarse = coarser(a, n);
  if (coarse !== undefined) return coarse;
  // ⌊⌊x/m⌋ + c / n⌋ = ⌊(x + c·m) / (m·n)⌋
  const [term, ...more] = termsOf(a);
  if (more.length === 0 && term!.coefficient === 1 && term!.of.kind === "floordiv") {
    const { a: x, b: m } = term!.of;
    return floorDiv(
      sumOf([
        [1, x],
        [constantOf(a), m],
      ]),
      multiplyIndex(m, n),
    );
  }
  // ⌊−x / n⌋ = −⌊(x + n − 1) / n⌋
  if (term!.coefficient < 0) return sumOf([[-1, byNumber(sumOf([[-1, a]], n - 1), n)]]);
  return internQuotient(a, constantIndex(n));
}

/**
 * `⌊(g·m + r) / (g·k)⌋ = ⌊(m + ⌊r/g⌋) / k⌋`, which is useful where ⌊r/g⌋ is a single number s: where all that g does not
 * divide stays within [s·g, s·g + g).
 */
function coarser(a: Index, n: number): Index | undefined {
  const { constant, terms, remainders } = partsOf(a);
  const parts: Part[] = [
    ...terms.map(({ coefficient, of }) => ({
      divisor: coefficient,
      range: timesInterval([coefficient, coefficient], [of.low, of.high]),
      terms: () => [[coefficient, of]] as const,
    })),
    ...remainders.map((r) => ({
      divisor: r.scale.kind === "constant" ? r.scale.value : 1,
      range: timesInterval([r.scale.low, r.scale.high], rangeOfRemainder(r)),
      terms: () => [[1, multiplyIndex(r.scale, modIndex(r.dividend, r.divisor))]] as const,
    })),
  ];
  const divisors = new Set(parts.map((p) => gcd(p.divisor, n)));
  for (const g of [...divisors].sort((x, y) => y - x)) {
    if (g === 1 || g === n) continue;
    let [low, high] = [constant, constant];
    for (const { divisor, range } of parts) if (divisor % g !== 0) [low, high] = [low + range[0], high + range[1]];
    const s = Math.floor(low / g);
    if (s !== Math.floor(high / g)) continue;
    const multiples = parts.filter((p) => p.divisor % g === 0).flatMap((p) => p.terms());
    return byNumber(sumOf([[1, divideExactly(sumOf(multiples), g)]], s), n / g);
  }
  return undefined;
}

/** Division by an expression: what b divides stands outside, and the rest is below b once, if that can be shown. */
function bySize(a: Index, b: Index): Index {
  const whole = timesOf(a, b);
  if (whole !== undefined) return constantIndex(whole);
  const [quotient, rest] = divided(a, b);
  const times = timesOf(rest, b);
  if (times !== undefined) return sumOf([[1, quotient]], times);
  if (termsOf(b).length > 1 || constantOf(b) !== 0) return internQuotient(a, b);
  return addIndex(quotient, bySizeOnce(rest, b));
}

/** ⌊a / b⌋ where it can be shown to be 0 or −1. */
function timesOf(a: Index, b: Index): number | undefined {
  const below = addIndex(b, -1);
  if (least(a) >= 0) return surelyAtMost(a, below) ? 0 : undefined;
  const next = addIndex(a, b);
  return greatest(a) < 0 && least(next) >= 0 ? -1 : undefined;
}

/** Polynomials with `a = quotient·b + rest`, by the leading term of b. */
function divided(a: Index, b: Index): readonly [quotient: Index, rest: Index] {
  const leading = termsOf(b)[0]!;
  const divisor = sumOf([[leading.coefficient, leading.of]]);
  let [quotient, rest]: [Index, Index] = [constantIndex(0), a];
  for (const { coefficient, of } of termsOf(a)) {
    const factors =
      termsOf(b).length === 1 ? Math.trunc(coefficient / leading.coefficient) : coefficient / leading.coefficient;
    if (factors === 0 || !Number.isInteger(factors)) continue;
    const once = monomialQuotient(leading.coefficient * factors, [of], divisor);
    if (once === undefined) continue;
    quotient = addIndex(quotient, once);
    rest = subtractIndex(rest, multiplyIndex(once, b));
  }
  return [quotient, rest];
}

/**
 * ⌊a / b⌋, where b is a single term and divides no term of a: for a factor g of b, what g divides and a rest that is
 * below g once, as in `coarser`; `⌊⌊x/m⌋ / b⌋ = ⌊x / (m·b)⌋`.
 */
function bySizeOnce(a: Index, b: Index): Index {
  const { coefficient, of } = termsOf(b)[0]!;
  for (const g of new Set([...factorsOf(of), constantIndex(coefficient)])) {
    const smaller = monomialQuotient(1, [b], g);
    const [multiples, rest] = split(a, g);
    const s = g.kind === "constant" ? timesOfNumber(rest, g.value) : timesOf(rest, g);
    if (smaller !== undefined && s !== undefined && g.high > 1) return floorDiv(addIndex(multiples, s), smaller);
  }
  return a.kind === "floordiv" ? floorDiv(a.a, multiplyIndex(a.b, b)) : internQuotient(a, b);
}

/** The terms of a that g divides, divided by it, and the others. */
function split(a: Index, g: Index): readonly [multiples: Index, rest: Index] {
  const multiples: (readonly [number, Index])[] = [];
  const rest: (readonly [number, Index])[] = [];
  for (const { coefficient, of } of termsOf(a)) {
    const once = monomialQuotient(coefficient, [of], g);
    if (once === undefined) rest.push([coefficient, of]);
    else multiples.push([1, once]);
  }
  return [sumOf(multiples), sumOf(rest, constantOf(a))];
}

function timesOfNumber(a: Index, n: number): number | undefined {
  const times = Math.floor(least(a) / n);
  return times === Math.floor(greatest(a) / n) ? times : undefined;
}
