import fc from "fast-check";
import { expect, test } from "vitest";
import { maximum, minimum, selectIndex } from "./index-choice.ts";
import { floorDiv, modIndex } from "./index-division.ts";
import { addIndex, constantIndex, indexAxis, indexVariable, multiplyIndex, subtractIndex } from "./index-expression.ts";
import { evaluateIndex, foldIndex, substituteIndex, variablesOf } from "./index-fold.ts";
import type { Index, IndexNode, Predicate } from "./index-node.ts";
import { and, atMost, equalIndex, lessThan, not, or } from "./index-predicate.ts";
import { greatest, least } from "./index-range.ts";
import { loadParts } from "./parts.ts";

await loadParts();

type Values = ReadonlyMap<string, number>;

/** An expression and its meaning; 1 and 0 stand for true and false. */
interface Pair<T extends IndexNode> {
  readonly expression: T;
  value(values: Values): number;
}

const N = indexVariable("N", 1, 12);
const K = indexVariable("K", 8, 32, { multiple: 8 });
const variables: readonly Index[] = [
  N,
  K,
  indexAxis("i", 8),
  indexAxis("j", 3),
  indexVariable("x", -20, 100),
  indexAxis("n", N), // 0 ≤ n < N
  indexAxis("m", multiplyIndex(2, N)),
  indexVariable("t", indexAxis("n", N), N), // n ≤ t ≤ N
];

/** A value for every variable, each within its bounds. */
const assignments: fc.Arbitrary<Values> = fc.array(fc.nat(), { minLength: 8, maxLength: 8 }).map((numbers) => {
  const values = new Map<string, number>();
  variables.forEach((v, k) => {
    if (v.kind !== "variable") return;
    const [low, high] = [evaluateIndex(v.min, values), evaluateIndex(v.max, values)];
    const steps = Math.floor((high - low) / v.multiple) + 1;
    values.set(v.name, low + v.multiple * (numbers[k]! % steps));
  });
  return values;
});

const constant = (min: number): fc.Arbitrary<Pair<Index>> =>
  fc.integer({ min, max: 24 }).map((n) => ({ expression: constantIndex(n), value: () => n }));
const variable = (...from: readonly Index[]): fc.Arbitrary<Pair<Index>> =>
  fc
    .constantFrom(...from)
    .map((v): Pair<Index> => ({ expression: v, value: (values) => values.get((v as { name: string }).name)! }));
const size: fc.Arbitrary<Pair<Index>> = fc.oneof(
  { weight: 3, arbitrary: constant(1) },
  variable(N, K),
  variable(N).map((p): Pair<Index> => ({ expression: multiplyIndex(p.expression, 4), value: (v) => p.value(v) * 4 })),
  variable(N).map((p): Pair<Index> => ({ expression: addIndex(p.expression, 1), value: (v) => p.value(v) + 1 })),
);

const arithmetic = [
  [addIndex, (a: number, b: number) => a + b],
  [subtractIndex, (a: number, b: number) => a - b],
  [minimum, Math.min],
  [maximum, Math.max],
] as const;
const divisions = [
  [floorDiv, (a: number, b: number) => Math.floor(a / b)],
  [modIndex, (a: number, b: number) => a - b * Math.floor(a / b)],
  [multiplyIndex, (a: number, b: number) => a * b],
] as const;
const comparisons = [
  [lessThan, (a: number, b: number) => Number(a < b)],
  [atMost, (a: number, b: number) => Number(a <= b)],
  [equalIndex, (a: number, b: number) => Number(a === b)],
] as const;

const apply = <A extends IndexNode, T extends IndexNode>([[build, compute], a, b]: readonly [
  readonly [(a: A, b: A) => T, (a: number, b: number) => number],
  Pair<A>,
  Pair<A>,
]): Pair<T> => ({
  expression: build(a.expression, b.expression),
  value: (values) => compute(a.value(values), b.value(values)),
});

const { index, predicate } = fc.letrec<{ index: Pair<Index>; predicate: Pair<Predicate> }>((tie) => ({
  index: fc.oneof(
    { depthSize: 2.5, withCrossShrink: true },
    fc.oneof(constant(-24), variable(...variables)),
    fc.tuple(fc.constantFrom(...arithmetic), tie("index"), tie("index")).map(apply<Index, Index>),
    fc.tuple(fc.constantFrom(...arithmetic), tie("index"), tie("index")).map(apply<Index, Index>),
    fc.tuple(fc.constantFrom(...divisions), tie("index"), size).map(apply<Index, Index>),
    fc.tuple(fc.constantFrom(...divisions), tie("index"), size).map(apply<Index, Index>),
    fc.tuple(tie("predicate"), tie("index"), tie("index")).map(
      ([p, a, b]): Pair<Index> => ({
        expression: selectIndex(p.expression, a.expression, b.expression),
        value: (values) => (p.value(values) === 1 ? a : b).value(values),
      }),
    ),
  ),
  predicate: fc.oneof(
    { depthSize: 2.5, withCrossShrink: true },
    fc.tuple(fc.constantFrom(...comparisons), tie("index"), tie("index")).map(apply<Index, Predicate>),
    fc
      .tuple(
        fc.constantFrom(
          [and, (a: number, b: number) => a & b] as const,
          [or, (a: number, b: number) => a | b] as const,
        ),
        tie("predicate"),
        tie("predicate"),
      )
      .map(apply<Predicate, Predicate>),
    tie("predicate").map(
      (p): Pair<Predicate> => ({ expression: not(p.expression), value: (values) => 1 - p.value(values) }),
    ),
  ),
}));
const node: fc.Arbitrary<Pair<IndexNode>> = fc.oneof({ weight: 3, arbitrary: index }, predicate);

const runs = { numRuns: 400 };

test("an expression has the value that its definition gives", () => {
  fc.assert(
    fc.property(node, fc.array(assignments, { minLength: 4, maxLength: 8 }), (p, list) => {
      for (const values of list) expect(evaluateIndex(p.expression, values)).toBe(p.value(values));
    }),
    runs,
  );
});

test("what is made anew from its parts is the same object", () => {
  fc.assert(
    fc.property(node, (p) => {
      expect(substituteIndex(p.expression as Index, new Map())).toBe(p.expression);
    }),
    runs,
  );
});

test("the bounds of an expression hold, and so does what divides it", () => {
  fc.assert(
    fc.property(index, assignments, ({ expression, value }, values) => {
      const x = value(values);
      expect(x).toBeGreaterThanOrEqual(Math.max(expression.low, least(expression)));
      expect(x).toBeLessThanOrEqual(Math.min(expression.high, greatest(expression)));
      expect(expression.multiple === 0 ? x : Math.abs(x % expression.multiple)).toBe(0);
    }),
    runs,
  );
});

test("a target's form has the same value", () => {
  fc.assert(
    fc.property(node, assignments, (p, values) => {
      const built = foldIndex<number>(p.expression, {
        constant: (n) => n,
        variable: (v) => values.get(v.name)!,
        add: (a, b) => a + b,
        subtract: (a, b) => a - b,
        multiply: (a, b) => a * b,
        floorDiv: (a, b, { low }) => (low >= 0 ? Math.trunc(a / b) : Math.floor(a / b)),
        mod: (a, b, { low }) => (low >= 0 ? a % b : a - b * Math.floor(a / b)),
        min: Math.min,
        max: Math.max,
        select: (condition, a, b) => (condition === 1 ? a : b),
        boolean: Number,
        less: (a, b) => Number(a < b),
        equal: (a, b) => Number(a === b),
        notEqual: (a, b) => Number(a !== b),
        and: (a, b) => a & b,
        or: (a, b) => a | b,
      });
      expect(built + 0).toBe(p.value(values));
    }),
    runs,
  );
});

test("substitution puts values in place of variables", () => {
  fc.assert(
    fc.property(node, assignments, (p, values) => {
      const constants = new Map<Index, Index>();
      for (const v of variablesOf(p.expression)) constants.set(v, constantIndex(values.get(v.name)!));
      const result = substituteIndex(p.expression as Index, constants) as IndexNode;
      expect(variablesOf(result).size).toBe(0);
      expect(evaluateIndex(result, new Map())).toBe(p.value(values));
    }),
    runs,
  );
});

test("a divisor counts as at least 1 where its terms say so together", () => {
  const height = addIndex(indexVariable("H", 8, 2 ** 31), -2);
  const area = multiplyIndex(height, height); // H² − 4·H + 4, where H² and 4·H apart may be anything
  expect(floorDiv(multiplyIndex(area, 3), area)).toBe(constantIndex(3));
  expect(() => floorDiv(area, addIndex(height, -6))).toThrow("the divisor of a quotient may be 0, below 1");
});
