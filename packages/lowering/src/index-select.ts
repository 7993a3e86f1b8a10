import { gcd } from "./index-expression.ts";
import { compareNodes, type Index, type IndexSelect, intern, type Predicate } from "./index-node.ts";
import { not } from "./index-predicate.ts";

/** `x` where the condition holds, else `y`; none of this is decided. */
export function selection(condition: Predicate, x: Index, y: Index): Index {
  const opposite = not(condition); // of the two, the one that comes first in the order is kept
  if (compareNodes(opposite, condition) < 0) return selection(opposite, y, x);
  return intern<IndexSelect>("select", [condition, x, y], () => ({
    condition,
    a: x,
    b: y,
    low: Math.min(x.low, y.low),
    high: Math.max(x.high, y.high),
    multiple: gcd(x.multiple, y.multiple),
  }));
}
