import {
  addIndex,
  constantOf,
  divideExactly,
  gcd,
  multiplyIndex,
  subtractIndex,
  sumOf,
  termsOf,
} from "./index-expression.ts";
import {
  type Always,
  type Comparison,
  compareNodes,
  type Index,
  intern,
  type Junction,
  type Predicate,
} from "./index-node.ts";
import { always, and, never, nonnegative, not, or } from "./index-predicate.ts";
import { greatest, least } from "./index-range.ts";

/** x ≥ 0, where that is not clear. The terms' common divisor g is divided out: `g·m + c ≥ 0` is `m + ⌊c/g⌋ ≥ 0`. */
export function unclear(x: Index): Predicate {
  const g = termsOf(x).reduce((n, t) => gcd(n, t.coefficient), 0);
  const c = constantOf(x);
  if (g > 1) return nonnegative(sumOf([[1, divideExactly(sumOf([[1, x]], -c), g)]], Math.floor(c / g)));
  return withoutQuotient(x) ?? intern<Comparison>("nonnegative", [x], () => ({ of: x }));
}

/** `⌊a/b⌋ + r ≥ 0` is `a + b·r ≥ 0`, and `r − ⌊a/b⌋ ≥ 0` is `b·r + b − 1 − a ≥ 0`, for an r that holds no quotient. */
function withoutQuotient(x: Index): Predicate | undefined {
  const quotients = termsOf(x).filter((t) => t.of.kind !== "variable");
  const [term] = quotients;
  if (quotients.length !== 1 || Math.abs(term!.coefficient) !== 1 || term!.of.kind !== "floordiv") return undefined;
  const { a, b } = term!.of;
  const rest = sumOf([
    [1, x],
    [-term!.coefficient, term!.of],
  ]);
  return nonnegative(
    term!.coefficient > 0
      ? addIndex(a, multiplyIndex(b, rest))
      : subtractIndex(addIndex(multiplyIndex(b, rest), b, -1), a),
  );
}

/** x = 0. A constant that the terms' common divisor does not divide makes it false. */
export function zero(x: Index): Predicate {
  if (least(x) > 0 || greatest(x) < 0) return never;
  if (x.kind === "constant") return always;
  const c = constantOf(x);
  const variable = sumOf([[1, x]], -c);
  if (c % variable.multiple !== 0) return never;
  const g = termsOf(x).reduce((n, t) => gcd(n, t.coefficient), 0);
  const sign = Math.sign(termsOf(x)[0]!.coefficient);
  if (g * sign !== 1 && c % g === 0) return zero(divideExactly(x, g * sign));
  return intern<Comparison>("zero", [x], () => ({ of: x }));
}

/** The opposite of what is not decided. */
export function opposite(p: Exclude<Predicate, Always>): Predicate {
  switch (p.kind) {
    case "nonnegative":
      return nonnegative(sumOf([[-1, p.of]], -1));
    case "zero":
      return intern<Comparison>("nonzero", [p.of], () => ({ of: p.of }));
    case "nonzero":
      return zero(p.of);
    case "and":
      return or(...p.operands.map(not));
    case "or":
      return and(...p.operands.map(not));
  }
}

/**
 * Several that are not decided, without nesting and repetition. Of bounds on one expression, `f + c ≥ 0` for several c, the strictest (and) or the
 * weakest (or) is kept; bounds from both sides that exclude each other (and) or leave nothing out (or) decide the whole,
 * and so does an operand together with its opposite.
 */
export function junction(kind: "and" | "or", list: readonly Predicate[]): Predicate {
  const [neutral, absorbing] = kind === "and" ? [always, never] : [never, always];
  const others = new Set<Predicate>();
  const bounds = new Map<Index, number>(); // f → c
  for (const p of list.flatMap((q) => (q.kind === kind ? q.operands : [q]))) {
    if (p.kind === "nonnegative") {
      const f = sumOf([[1, p.of]], -constantOf(p.of));
      const [c, before] = [constantOf(p.of), bounds.get(f)];
      bounds.set(f, before === undefined ? c : kind === "and" ? Math.min(before, c) : Math.max(before, c));
    } else others.add(p);
  }
  for (const [f, c] of bounds) {
    const most = bounds.get(sumOf([[-1, f]])); // f ≥ −c and f ≤ most
    if (most !== undefined && (kind === "and" ? most < -c : most >= -c - 1)) return absorbing;
  }
  const operands = [...others, ...[...bounds].map(([f, c]) => nonnegative(sumOf([[1, f]], c)))];
  if (operands.some((p) => (p.kind === "nonzero" || p.kind === "or") && operands.includes(not(p)))) return absorbing;
  operands.sort(compareNodes);
  if (operands.length < 2) return operands[0] ?? neutral;
  return intern<Junction>(kind, operands, () => ({ operands }));
}
