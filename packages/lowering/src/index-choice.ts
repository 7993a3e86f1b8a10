import { gcd, type IndexLike, subtractIndex, toIndex } from "./index-expression.ts";
import { compareNodes, type Index, type IndexChoice, intern, type Predicate } from "./index-node.ts";
import { greatest, least } from "./index-range.ts";
import { rare } from "./parts.ts";

export const minimum = (...operands: readonly IndexLike[]): Index => choice("min", operands);
export const maximum = (...operands: readonly IndexLike[]): Index => choice("max", operands);

/** Without nesting, and without operands that another one surely beats. */
function choice(kind: "min" | "max", list: readonly IndexLike[]): Index {
  const flat = new Set(list.map(toIndex).flatMap((x) => (x.kind === kind ? x.operands : [x])));
  const left: Index[] = [];
  for (const x of [...flat].sort(compareNodes)) {
    // y − x is never negative where x is the smaller of the two, never positive where y is
    const over = left.map((y) => subtractIndex(y, x));
    const beaten = over.map((d) => (kind === "min" ? least(d) >= 0 : greatest(d) <= 0));
    if (over.some((d) => (kind === "min" ? greatest(d) <= 0 : least(d) >= 0))) continue;
    left.splice(0, left.length, ...left.filter((_, k) => !beaten[k]), x);
  }
  if (left.length === 1) return left[0]!;
  const end = kind === "min" ? Math.min : Math.max;
  return intern<IndexChoice>(kind, left, () => ({
    operands: left,
    low: end(...left.map((x) => x.low)),
    high: end(...left.map((x) => x.high)),
    multiple: left.reduce((g, x) => gcd(g, x.multiple), 0),
  }));
}

/** `a` where the condition holds, else `b`. */
export function selectIndex(condition: Predicate, a: IndexLike, b: IndexLike): Index {
  const [x, y] = [toIndex(a), toIndex(b)];
  if (condition.kind === "always") return condition.value ? x : y;
  return x === y ? x : rare.now.selection(condition, x, y);
}
