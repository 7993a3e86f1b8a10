import { selectIndex } from "./index-choice.ts";
import { type IndexBuilder, sidesOf } from "./index-fold.ts";
import type { Index, IndexNode, IndexSelect, Predicate } from "./index-node.ts";
import { and, atMost, equalIndex, not, or } from "./index-predicate.ts";
import { partsOf } from "./index-range.ts";

/** Selections and what they depend on. */
export type Conditional = Exclude<Predicate, { readonly kind: "always" }> | IndexSelect;

/** Its value, 0 or 1 for a predicate. */
export function conditionalValue(node: Conditional, of: (node: IndexNode) => number): number {
  switch (node.kind) {
    case "select":
      return of(of(node.condition) === 1 ? node.a : node.b);
    case "nonnegative":
      return Number(of(node.of) >= 0);
    case "zero":
      return Number(of(node.of) === 0);
    case "nonzero":
      return Number(of(node.of) !== 0);
    case "and":
      return Number(node.operands.every((p) => of(p) === 1));
    case "or":
      return Number(node.operands.some((p) => of(p) === 1));
  }
}

/** The node made anew from what its operands have become. */
export function conditionalAnew(
  node: Conditional,
  now: <U extends IndexNode>(node: U) => U extends Index ? Index : Predicate,
): IndexNode {
  switch (node.kind) {
    case "select":
      return selectIndex(now(node.condition), now(node.a), now(node.b));
    case "nonnegative":
      return atMost(0, now(node.of));
    case "zero":
      return equalIndex(now(node.of), 0);
    case "nonzero":
      return not(equalIndex(now(node.of), 0));
    case "and":
      return and(...node.operands.map((p) => now(p)));
    case "or":
      return or(...node.operands.map((p) => now(p)));
  }
}

/** A target's form of it. */
export function conditionalBuilt<T>(node: Conditional, of: (node: IndexNode) => T, builder: IndexBuilder<T>): T {
  switch (node.kind) {
    case "select":
      return builder.select(of(node.condition), of(node.a), of(node.b));
    case "and":
      return node.operands.map(of).reduce((a, b) => builder.and(a, b));
    case "or":
      return node.operands.map(of).reduce((a, b) => builder.or(a, b));
    default: {
      const sum = partsOf(node.of);
      // x ≥ 0 is written 0 < x + 1, with what is negative on the left
      const constant = node.kind === "nonnegative" ? sum.constant + 1 : sum.constant;
      const [positive, negative] = sidesOf({ ...sum, constant }, of, builder);
      const [left, right] = [negative ?? builder.constant(0), positive ?? builder.constant(0)];
      if (node.kind === "nonnegative") return builder.less(left, right);
      return node.kind === "zero" ? builder.equal(right, left) : builder.notEqual(right, left);
    }
  }
}
