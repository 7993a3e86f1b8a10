import { floorDiv, modIndex } from "./index-division.ts";
import {
  addIndex,
  constantOf,
  factorsOf,
  indexVariable,
  multiplyIndex,
  productOf,
  sumOf,
  termsOf,
} from "./index-expression.ts";
import { type Index, type IndexChoice, type IndexVariable, innermostOf, type Remainder } from "./index-node.ts";
import { partsOf } from "./index-range.ts";

/** More variables with symbolic bounds than a kernel has axes. */
const MAX_RELAXATIONS = 16;

const leasts = new WeakMap<Index, number>();

/** `least` of an expression whose interval may not say everything. */
export function relaxedLeast(x: Index): number {
  let best = leasts.get(x);
  if (best !== undefined) return best;
  const seen = [x];
  for (let rest = relaxed(x); rest !== undefined && !seen.includes(rest); rest = relaxed(rest)) {
    seen.push(rest);
    if (seen.length > MAX_RELAXATIONS) break;
  }
  best = Math.max(...[...seen, fromLowest(seen.at(-1)!)].map((bound) => bound.low));
  leasts.set(x, best);
  return best;
}

/**
 * An expression that is nowhere above `x`: without its symbolic remainders, without the innermost axis of symbolic size, or
 * with an operand in place of each max (each min, where it is subtracted).
 */
function relaxed(x: Index): Index | undefined {
  const parts = partsOf(x);
  if (parts.remainders.some((r) => r.divisor.kind !== "constant")) {
    const plain = parts.terms.map((t) => [t.coefficient, t.of] as const);
    return sumOf([...plain, ...parts.remainders.map((r) => [1, remainderBelow(r)] as const)], parts.constant);
  }
  const innermost = innermostOf([x]);
  return innermost === undefined ? withoutChoices(x) : bounded(x, innermost, false, MAX_DEPTH);
}

/** Most quotients within quotients that a bound is put into. */
const MAX_DEPTH = 2;

function withoutChoices(x: Index): Index | undefined {
  if (!termsOf(x).some(({ of }) => of.kind === "max" || of.kind === "min")) return undefined;
  return sumOf(
    termsOf(x).map(({ coefficient, of }) => {
      const bounds = of.kind === (coefficient > 0 ? "max" : "min") ? (of as IndexChoice).operands : [of];
      return [coefficient, bounds.find((y) => y.kind !== "constant") ?? of] as const;
    }),
    constantOf(x),
  );
}

function remainderBelow({ scale, dividend, divisor }: Remainder): Index | number {
  if (divisor.kind === "constant" || (scale.low < 0 && scale.high > 0))
    return multiplyIndex(scale, modIndex(dividend, divisor));
  return scale.low >= 0 ? 0 : multiplyIndex(scale, addIndex(divisor, -1));
}

/** `x` with bounds of `v` in its place, nowhere below (`up`) or nowhere above `x`; terms for which that cannot be told stay. */
function bounded(x: Index, v: IndexVariable, up: boolean, depth: number): Index {
  return sumOf(
    termsOf(x).map(({ coefficient, of }) => {
      const factors = factorsOf(of);
      for (const [i, factor] of factors.entries()) {
        const others = factors.toSpliced(i, 1);
        if (innermostOf([factor]) !== v || others.some((f) => f.low < 0)) continue;
        const higher = coefficient > 0 === up;
        const bound =
          factor === v
            ? higher
              ? v.max
              : v.min
            : factor.kind === "floordiv" && depth > 0
              ? floorDiv(bounded(factor.a, v, higher, depth - 1), factor.b)
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
      ? sumOf([[1, indexVariable(`${v.name}-${v.low}`, 0, v.high - v.low)]], v.low)
      : v;
  return sumOf(
    terms.map((t) => [t.coefficient, productOf(factorsOf(t.of).map(above))]),
    constantOf(x),
  );
}
