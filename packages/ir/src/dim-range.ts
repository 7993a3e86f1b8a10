import {
  type Dim,
  type DimAtom,
  type DimCall,
  type DimExpr,
  dimAdd,
  dimMul,
  dimSub,
  MAX_DIM_NODES,
  productOf,
  termsOf,
} from "./dim.ts";

const ranges = new WeakMap<DimExpr, readonly [low: number, high: number]>();

/** Smallest and largest value over the symbols' ranges, as far as they can be told; may be wider than the truth. */
export function dimRange(d: Dim): readonly [low: number, high: number] {
  if (typeof d === "number") return [d, d];
  let range = ranges.get(d); // kept, since the range of a nested expression is asked for again and again
  if (range === undefined) ranges.set(d, (range = [lowest(d, 4), 0 - lowest(dimMul(d, -1), 4)]));
  return range;
}

/** A value that d is never below: by intervals, or, where that is better, with a bound in place of a quotient. */
function lowest(d: Dim, depth: number): number {
  const [low] = interval(d);
  const term = depth > 0 ? termsOf(d).find((t) => t.factors.some(isQuotient)) : undefined;
  if (term === undefined) return low;
  const f = term.factors.find(isQuotient)!;
  const others = productOf(1, term.factors.toSpliced(term.factors.indexOf(f), 1));
  if (interval(others)[0] < 0 || nodesOf(d) + nodesOf(others) * (nodesOf(f.a) + 1) > MAX_DIM_NODES) return low;
  // b·c·⌊a/b⌋ is at least c·(a − b + 1) for c > 0, and at least c·a for c < 0
  const c = term.coefficient;
  const bound = dimMul(dimMul(c, others), c > 0 ? dimSub(f.a, f.b - 1) : f.a);
  const scaled = dimAdd(dimMul(dimSub(d, productOf(c, term.factors)), f.b), bound);
  return Math.max(low, Math.ceil(lowest(scaled, depth - 1) / f.b) + 0);
}

type Quotient = { readonly kind: "floordiv"; readonly a: Dim; readonly b: number } & DimAtom;
const isQuotient = (f: DimAtom): f is Quotient => f.kind === "floordiv" && typeof f.b === "number";

const nodesOf = (d: Dim): number => (typeof d === "number" ? 1 : d.nodes);

/** Smallest and largest value where every factor varies by itself. */
function interval(d: Dim): readonly [low: number, high: number] {
  let [low, high] = [0, 0];
  for (const { coefficient, factors } of termsOf(d)) {
    let range: readonly [number, number] = [coefficient, coefficient];
    for (const factor of factors) range = product(range, atomRange(factor));
    low += range[0];
    high += range[1];
  }
  return [low, high];
}

function product([a, b]: readonly [number, number], [c, d]: readonly [number, number]): readonly [number, number] {
  const all = [a * c, a * d, b * c, b * d];
  return [Math.min(...all), Math.max(...all)];
}

function atomRange(atom: DimAtom): readonly [number, number] {
  if (atom.kind === "symbol") return [atom.min, atom.max];
  const [[a, b], [c, d]] = [dimRange(atom.a), dimRange(atom.b)];
  if (atom.kind === "max") return [Math.max(a, c), Math.max(b, d)];
  if (atom.kind === "min") return [Math.min(a, c), Math.min(b, d)];
  const [small, large] = [Math.max(1, c), Math.max(1, d)];
  return [Math.floor(a / (a < 0 ? small : large)), Math.floor(b / (b < 0 ? large : small))];
}

/** Surely a ≤ b. */
export const dimAtMost = (a: Dim, b: Dim): boolean => surelyNotNegative(dimSub(b, a), 8);

/** By the range; where that is too wide, by cases for the first max or min. */
function surelyNotNegative(d: Dim, depth: number): boolean {
  if (dimRange(d)[0] >= 0) return true;
  const term = depth > 0 ? termsOf(d).find((t) => t.factors.length === 1 && isChoice(t.factors[0]!)) : undefined;
  if (term === undefined) return false;
  const f = term.factors[0] as DimCall;
  const rest = dimSub(d, productOf(term.coefficient, term.factors));
  const withCase = (value: Dim): boolean => surelyNotNegative(dimAdd(rest, dimMul(term.coefficient, value)), depth - 1);
  const favourable = f.kind === (term.coefficient > 0 ? "max" : "min");
  return favourable ? withCase(f.a) || withCase(f.b) : withCase(f.a) && withCase(f.b);
}

const isChoice = (f: DimAtom): boolean => f.kind === "max" || f.kind === "min";
