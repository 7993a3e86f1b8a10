import { addIndex, type IndexLike, subtractIndex } from "./index-expression.ts";
import { type Always, type Index, intern, type Predicate } from "./index-node.ts";
import { greatest, least } from "./index-range.ts";
import { rare } from "./parts.ts";

export const decided = (value: boolean): Predicate => intern<Always>("always", [Number(value)], () => ({ value }));

export const always = decided(true);
export const never = decided(false);

/** a < b */
export const lessThan = (a: IndexLike, b: IndexLike): Predicate => nonnegative(addIndex(subtractIndex(b, a), -1));
/** a ≤ b */
export const atMost = (a: IndexLike, b: IndexLike): Predicate => nonnegative(subtractIndex(b, a));
export const equalIndex = (a: IndexLike, b: IndexLike): Predicate => rare.now.zero(subtractIndex(a, b));

/** x ≥ 0 */
export function nonnegative(x: Index): Predicate {
  if (least(x) >= 0) return always;
  return greatest(x) < 0 ? never : rare.now.unclear(x);
}

/** The opposite. */
export const not = (p: Predicate): Predicate => (p.kind === "always" ? decided(!p.value) : rare.now.opposite(p));

export const and = (...operands: readonly Predicate[]): Predicate => junction("and", operands);
export const or = (...operands: readonly Predicate[]): Predicate => junction("or", operands);

function junction(kind: "and" | "or", list: readonly Predicate[]): Predicate {
  const [neutral, absorbing] = kind === "and" ? [always, never] : [never, always];
  if (list.includes(absorbing)) return absorbing;
  const others = list.filter((p) => p !== neutral);
  return others.length < 2 ? (others[0] ?? neutral) : rare.now.junction(kind, others);
}
