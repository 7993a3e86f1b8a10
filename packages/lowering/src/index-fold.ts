import { maximum, minimum } from "./index-choice.ts";
import { floorDiv } from "./index-division.ts";
import { indexVariable, productOf, sumOf } from "./index-expression.ts";
import {
  type Index,
  type IndexNode,
  type IndexVariable,
  operandsOf,
  type Parts,
  type Predicate,
} from "./index-node.ts";
import { rare } from "./parts.ts";

/** Visits what `root` is computed from, operands before users, each once; without recursion. */
function inOrder(
  root: IndexNode,
  operands: (node: IndexNode) => readonly IndexNode[],
  visit: (node: IndexNode) => void,
): void {
  const done = new Set<IndexNode>();
  const open: { readonly node: IndexNode; readonly operands: readonly IndexNode[]; next: number }[] = [];
  const enter = (node: IndexNode): void => {
    if (!done.has(node)) open.push({ node, operands: operands(node), next: 0 });
  };
  enter(root);
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    if (top.next < top.operands.length) enter(top.operands[top.next++]!);
    else {
      open.pop();
      if (!done.has(top.node)) visit(top.node);
      done.add(top.node);
    }
  }
}

/** The value of an expression, or 0 or 1 for a predicate, where variables have the values that their names have. */
export function evaluateIndex(root: IndexNode, values: ReadonlyMap<string, number>): number {
  const results = new Map<IndexNode, number>();
  const of = (node: IndexNode): number => results.get(node)!;
  inOrder(root, operandsOf, (node) => results.set(node, valueOf(node, of, values)));
  return of(root);
}

function valueOf(node: IndexNode, of: (node: IndexNode) => number, values: ReadonlyMap<string, number>): number {
  switch (node.kind) {
    case "constant":
      return node.value;
    case "variable":
      return values.get(node.name)!;
    case "sum":
      return node.terms.reduce((sum, t) => sum + t.coefficient * of(t.of), node.constant);
    case "product":
      return node.factors.reduce((product, f) => product * of(f), 1);
    case "floordiv":
      return Math.floor(of(node.a) / of(node.b));
    case "min":
      return Math.min(...node.operands.map(of));
    case "max":
      return Math.max(...node.operands.map(of));
    case "always":
      return Number(node.value);
    default:
      return rare.now.conditionalValue(node, of);
  }
}

/** The variables that an expression mentions. */
export function variablesOf(root: IndexNode): Set<IndexVariable> {
  const found = new Set<IndexVariable>();
  inOrder(root, operandsOf, (node) => {
    if (node.kind === "variable") found.add(node);
  });
  return found;
}

/**
 * The expression with others in place of variables, simplified anew. The bounds of the variables that stay change with it:
 * with 4 for N, a `j ≤ N − 1` becomes one with `j ≤ 3`.
 */
export function substituteIndex<T extends Index | Predicate>(
  root: T,
  replacements: ReadonlyMap<Index, Index>,
): T extends Index ? Index : Predicate {
  const results = new Map<IndexNode, IndexNode>();
  const now = <U extends IndexNode>(node: U): U extends Index ? Index : Predicate =>
    results.get(node) as U extends Index ? Index : Predicate;
  const withBounds = (node: IndexNode): readonly IndexNode[] =>
    node.kind !== "variable" ? operandsOf(node) : replacements.has(node) ? [] : [node.min, node.max];
  inOrder(root, withBounds, (node) => results.set(node, replacements.get(node as Index) ?? rebuilt(node, now)));
  return now(root) as T extends Index ? Index : Predicate;
}

/** The node made anew from what its operands have become. */
function rebuilt(
  node: IndexNode,
  now: <U extends IndexNode>(node: U) => U extends Index ? Index : Predicate,
): IndexNode {
  switch (node.kind) {
    case "constant":
    case "always":
      return node;
    case "variable":
      return indexVariable(node.name, now(node.min), now(node.max), { multiple: node.multiple });
    case "sum":
      return sumOf(
        node.terms.map((t) => [t.coefficient, now(t.of)]),
        node.constant,
      );
    case "product":
      return productOf(node.factors.map((f) => now(f)));
    case "floordiv":
      return floorDiv(now(node.a), now(node.b));
    case "min":
      return minimum(...node.operands.map((x) => now(x)));
    case "max":
      return maximum(...node.operands.map((x) => now(x)));
    default:
      return rare.now.conditionalAnew(node, now);
  }
}

/** How a target writes each operation. */
export interface IndexBuilder<T> {
  constant(value: number): T;
  variable(variable: IndexVariable): T;
  add(a: T, b: T): T;
  subtract(a: T, b: T): T;
  multiply(a: T, b: T): T;
  /** ⌊a / b⌋. Where `dividend.low >= 0`, a division that truncates will do; where the divisor is a power of 2, a shift. */
  floorDiv(a: T, b: T, dividend: Index, divisor: Index): T;
  /** a − b·⌊a / b⌋ */
  mod(a: T, b: T, dividend: Index, divisor: Index): T;
  min(a: T, b: T): T;
  max(a: T, b: T): T;
  select(condition: T, a: T, b: T): T;
  boolean(value: boolean): T;
  less(a: T, b: T): T;
  equal(a: T, b: T): T;
  notEqual(a: T, b: T): T;
  and(a: T, b: T): T;
  or(a: T, b: T): T;
}

/**
 * Builds a target's form of an expression or predicate, each node once: remainders in place of the quotients that they come
 * from, larger strides first, nothing negative that a subtraction or the other side of a comparison can take.
 */
export function foldIndex<T>(root: IndexNode, builder: IndexBuilder<T>): T {
  const results = new Map<IndexNode, T>();
  const of = (node: IndexNode): T => results.get(node)!;
  inOrder(root, builtFrom, (node) => results.set(node, built(node, of, builder)));
  return of(root);
}

/** What a target computes before a node. */
function builtFrom(node: IndexNode): readonly IndexNode[] {
  if ("of" in node) return node.of.kind === "sum" ? builtFrom(node.of) : [node.of];
  if (node.kind !== "sum") return operandsOf(node);
  const { terms, remainders } = node.parts;
  return [...terms.map((t) => t.of), ...remainders.flatMap((r) => [r.scale, r.dividend, r.divisor])];
}

function built<T>(node: IndexNode, of: (node: IndexNode) => T, builder: IndexBuilder<T>): T {
  switch (node.kind) {
    case "constant":
      return builder.constant(node.value);
    case "variable":
      return builder.variable(node);
    case "sum": {
      const [positive, negative] = sidesOf(node.parts, of, builder);
      if (negative === undefined) return positive ?? builder.constant(0);
      return builder.subtract(positive ?? builder.constant(0), negative);
    }
    case "product":
      return node.factors.map(of).reduce((a, b) => builder.multiply(a, b));
    case "floordiv":
      return builder.floorDiv(of(node.a), of(node.b), node.a, node.b);
    case "min":
      return node.operands.map(of).reduce((a, b) => builder.min(a, b));
    case "max":
      return node.operands.map(of).reduce((a, b) => builder.max(a, b));
    case "always":
      return builder.boolean(node.value);
    default:
      return rare.now.conditionalBuilt(node, of, builder);
  }
}

/** What is added and what is subtracted in a sum, each undefined where it is nothing. */
export function sidesOf<T>(
  { constant, terms, remainders }: Parts,
  of: (node: IndexNode) => T,
  builder: IndexBuilder<T>,
): readonly [T | undefined, T | undefined] {
  const scaled = (size: number, x: T): T => (size === 1 ? x : builder.multiply(x, builder.constant(size)));
  const addends = terms.map(({ coefficient, of: x }) => ({
    sign: coefficient,
    size: Math.abs(coefficient),
    value: () => of(x),
  }));
  for (const { scale, dividend, divisor } of remainders) {
    const value = (): T => builder.mod(of(dividend), of(divisor), dividend, divisor);
    if (scale.kind === "constant") addends.push({ sign: scale.value, size: Math.abs(scale.value), value });
    else addends.push({ sign: 1, size: 1, value: () => builder.multiply(of(scale), value()) });
  }
  addends.sort((s, t) => t.size - s.size);
  const side = (sign: number): T | undefined => {
    const list = addends.filter((a) => Math.sign(a.sign) === sign).map((a) => scaled(a.size, a.value()));
    if (Math.sign(constant) === sign) list.push(builder.constant(Math.abs(constant)));
    return list.length === 0 ? undefined : list.reduce((a, b) => builder.add(a, b));
  };
  return [side(1), side(-1)];
}
