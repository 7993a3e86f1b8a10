import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Dim,
  type DimExpr,
  dimAdd,
  dimAtMost,
  dimFloorDiv,
  dimMax,
  dimMin,
  dimMod,
  dimMul,
  dimRange,
  dimSub,
  dimSubstitute,
  dimSymbol,
  dimSymbols,
  dimValue,
  sameDim,
} from "./dim.ts";
import { parseDim } from "./dim-text.ts";
import { FormatError, ShapeError } from "./errors.ts";
import { refusal } from "./refusal.test-kit.ts";

const B = dimSymbol("B");
const N = dimSymbol("N", { min: 0, max: 100 });
const K = dimSymbol("K", { min: 8, max: 64, multiple: 8 });
const symbols = [B, N, K];

type Bindings = ReadonlyMap<string, number>;

/** An expression, built when asked for, and its meaning. */
interface Pair {
  build(): Dim;
  value(bindings: Bindings): number;
}

const polynomial = [
  [dimAdd, (a: number, b: number) => a + b],
  [dimSub, (a: number, b: number) => a - b],
  [dimMul, (a: number, b: number) => a * b],
  [dimMax, Math.max],
  [dimMin, Math.min],
] as const;
const divisions = [
  [dimFloorDiv, (a: number, b: number) => Math.floor(a / b)],
  [dimMod, (a: number, b: number) => a - b * Math.floor(a / b)],
] as const;

const number = (low: number): fc.Arbitrary<Pair> =>
  fc.integer({ min: low, max: 9 }).map((n) => ({ build: () => n, value: () => n }));
const symbol = (...from: DimExpr[]): fc.Arbitrary<Pair> =>
  fc.constantFrom(...from).map((s) => ({ build: () => s, value: (bindings) => bindings.get(s.key)! }));

const apply = ([[build, compute], a, b]: readonly [
  readonly [(a: Dim, b: Dim) => Dim, (a: number, b: number) => number],
  Pair,
  Pair,
]): Pair => ({
  build: () => build(a.build(), b.build()),
  value: (bindings) => compute(a.value(bindings), b.value(bindings)),
});

/** Expressions over some symbols. */
function expressions(...over: DimExpr[]): fc.Arbitrary<Pair> {
  const positive = symbol(...over.filter((s) => dimRange(s)[0] > 0));
  return fc.letrec<{ pair: Pair }>((tie) => ({
    pair: fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      fc.oneof(number(-9), symbol(...over)),
      fc.tuple(fc.constantFrom(...polynomial), tie("pair"), tie("pair")).map(apply),
      fc.tuple(fc.constantFrom(...divisions), tie("pair"), fc.oneof(number(1), positive)).map(apply),
    ),
  })).pair;
}

const pair = expressions(...symbols);

const bindings: fc.Arbitrary<Bindings> = fc
  .tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 100 }), fc.integer({ min: 1, max: 8 }))
  .map(
    ([b, n, k]) =>
      new Map([
        ["B", b],
        ["N", n],
        ["K", 8 * k],
      ]),
  );

/** Random expressions may outgrow the limits, which is an error of its own. */
function small<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof ShapeError && (error.code === "E211" || error.code === "E213")) fc.pre(false);
    throw error;
  }
}

const runs = { numRuns: 500 };

test("evaluating commutes with building", () => {
  fc.assert(
    fc.property(pair, bindings, (p, values) => {
      expect(dimValue(small(p.build), values)).toBe(p.value(values) + 0);
    }),
    { numRuns: 3000 },
  );
});

test("the range holds every value", () => {
  fc.assert(
    fc.property(pair, bindings, (p, values) => {
      const [low, high] = dimRange(small(p.build));
      const value = p.value(values);
      expect(low <= value && value <= high).toBe(true);
    }),
    runs,
  );
});

test("what is surely at most is at most", () => {
  fc.assert(
    fc.property(pair, pair, bindings, (p, q, values) => {
      if (small(() => dimAtMost(p.build(), q.build()))) expect(p.value(values)).toBeLessThanOrEqual(q.value(values));
    }),
    runs,
  );
});

test("polynomials that are equal as rings have it are the same expression", () => {
  fc.assert(
    fc.property(pair, pair, pair, (p, q, r) => {
      small(() => {
        const [a, b, c] = [p.build(), q.build(), r.build()];
        expect(sameDim(dimAdd(a, b), dimAdd(b, a))).toBe(true);
        expect(sameDim(dimMul(a, b), dimMul(b, a))).toBe(true);
        expect(sameDim(dimAdd(a, dimAdd(b, c)), dimAdd(dimAdd(a, b), c))).toBe(true);
        expect(sameDim(dimSub(a, a), 0)).toBe(true);
      });
    }),
    runs,
  );
});

test("a whole multiple is divided exactly", () => {
  fc.assert(
    fc.property(expressions(B, N), fc.oneof(number(1), symbol(B, K)), (p, q) => {
      small(() => {
        const [a, b] = [p.build(), q.build()];
        expect(String(dimFloorDiv(dimMul(a, b), b)), `${a} times ${b}`).toBe(String(a));
        expect(sameDim(dimMod(dimMul(a, b), b), 0)).toBe(true);
      });
    }),
    runs,
  );
});

test("reading what is written gives the same expression", () => {
  const known = new Map(symbols.map((s) => [s.key, s]));
  fc.assert(
    fc.property(pair, (p) => {
      const d = small(p.build);
      expect(
        sameDim(
          parseDim(String(d), (name) => known.get(name)!),
          d,
        ),
      ).toBe(true);
    }),
    runs,
  );
});

test("substituting in two steps is substituting at once", () => {
  fc.assert(
    fc.property(pair, bindings, (p, values) => {
      const d = small(p.build);
      const some = dimSubstitute(d, new Map([...values].slice(0, 1)));
      expect(dimValue(some, values)).toBe(dimValue(d, values));
    }),
    runs,
  );
});

test("quotient and remainder add up to what was divided", () => {
  const d = dimAdd(dimMul(B, 3), 5);
  expect(sameDim(dimAdd(dimMul(dimFloorDiv(d, 4), 4), dimMod(d, 4)), d)).toBe(true);
  expect(String(dimSub(B, dimMul(2, dimFloorDiv(B, 2))))).toBe(String(dimMod(B, 2)));
  expect(dimRange(dimMod(B, 2))).toEqual([0, 1]);
});

test("parts that the divisor divides stand outside", () => {
  expect(String(dimFloorDiv(dimAdd(dimMul(B, 5), 7), 2))).toBe("2*B+floordiv(B+1,2)+3");
  expect(String(dimMod(dimAdd(B, 9), 4))).toBe("B-4*floordiv(B+1,4)+1");
  expect(String(dimFloorDiv(dimAdd(dimMul(B, N), 3), B))).toBe("N+floordiv(3,B)");
});

test("a divisor of several terms divides its multiples", () => {
  const b = dimAdd(B, 1);
  expect(dimFloorDiv(dimMul(b, 3), b)).toBe(3);
  expect(String(dimFloorDiv(dimMul(b, dimAdd(N, 2)), b))).toBe("N+2");
  expect(dimMod(dimMul(b, N), b)).toBe(0);
});

test("a symbol's declared multiple divides", () => {
  expect(dimMod(K, 4)).toBe(0);
  expect(String(dimMul(dimFloorDiv(K, 8), 8))).toBe("K");
  expect(sameDim(dimMod(dimAdd(K, B), 8), dimMod(B, 8))).toBe(true);
});

test("merging axes and splitting them again gives the same sizes", () => {
  const half = dimFloorDiv(B, 2);
  const merged = dimFloorDiv(dimMul(dimMul(half, N), 64), 64);
  expect(sameDim(merged, dimMul(half, N))).toBe(true);
  expect(sameDim(dimFloorDiv(merged, half), N)).toBe(true);
});

test("max and min of ordered sizes are one of them", () => {
  expect(String(dimMax(dimSub(B, 1), 0))).toBe("B-1");
  expect(String(dimMin(dimAdd(B, 2), B))).toBe("B");
  expect(String(dimMax(dimSub(B, 2), 0))).toBe("max(0,B-2)");
});

test("halves, clamps and remainders are surely at most the whole", () => {
  expect(dimAtMost(dimFloorDiv(B, 2), B)).toBe(true);
  expect(dimAtMost(dimFloorDiv(dimAdd(B, 1), 2), B)).toBe(true);
  expect(dimAtMost(dimMin(B, 10), B)).toBe(true);
  expect(dimAtMost(dimMin(B, N), N)).toBe(true);
  expect(dimAtMost(dimMod(N, 7), 6)).toBe(true);
  expect(dimAtMost(B, N)).toBe(false);
});

test("JavaScript's operators on a symbolic size name the methods to use", () => {
  expect(refusal(() => (B as unknown as number) * 2)).toMatchInlineSnapshot(`
    "StateError E402 dim: the size B is symbolic and cannot be computed with JavaScript's operators.
      fix: use add, sub, mul, floorDiv, mod, max or min, as in x.shape[0].mul(2), or dimAdd and its siblings where it may be a number."
  `);
});

test("arithmetic by methods gives sizes", () => {
  expect(String(dimFloorDiv(dimSub(B.add(1), 2), 1))).toBe("B-1");
  expect([String(B.mod(2)), String(B.max(5)), String(B.min(5))]).toEqual(["B-2*floordiv(B,2)", "max(5,B)", "min(5,B)"]);
});

test("an expression has at most 64 nodes", () => {
  let d: Dim = B;
  expect(
    refusal(() => {
      for (let i = 2; i < 40; i++) d = dimMax(dimFloorDiv(d, 2), dimMul(N, i));
    }),
  ).toMatchInlineSnapshot(`
    "ShapeError E211 dim: the expression has 65 nodes, more than 64.
      expression: max(10*N,floordiv(max(9*N,floordiv(max(8*N,floordiv(max(7*N,floordiv(max(6*N,floordiv(max(5*N,floordiv(max(4*N,floordiv(max(3*N,floordiv(max(2*N,floordiv(B,2)),2)),2)),2)),2)),2)),2)),2)),2))
      fix: name the size by a symbol of its own."
  `);
});

test("the range of a deeply nested expression is found at once", () => {
  let d: Dim = B;
  for (let i = 0; i < 11; i++) d = dimAdd(dimFloorDiv(d, 3), N);
  expect(dimRange(d)[0]).toBe(0); // exponential, were each size computed wherever it stands
  expect(dimAtMost(d, dimMul(N, 1000))).toBe(false);
});

test("a size needs a name, a whole range and a positive divisor", () => {
  expect(refusal(() => dimSymbol("2B"))).toMatchInlineSnapshot(`
    "FormatError E101 dim: "2B" cannot name a size.
      fix: use letters, digits and _, beginning with a letter."
  `);
  expect(refusal(() => dimSymbol("max"))).toMatchInlineSnapshot(`
    "FormatError E101 dim: "max" cannot name a size.
      fix: use letters, digits and _, beginning with a letter."
  `);
  expect(refusal(() => dimSymbol("B", { min: 5, max: 4 }))).toMatchInlineSnapshot(`
    "ShapeError E212 dim: B in 5..4 mult 1 is no range of sizes.
      fix: use integers with 0 <= min <= max <= 2147483647 and a multiple of at least 1."
  `);
  expect(() => dimFloorDiv(B, 0)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError E212 dim: B floordiv 0 has a divisor below 1.]`,
  );
  expect(() => dimMod(B, -1)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError E212 dim: B mod -1 has a divisor below 1.]`,
  );
});

test("a symbol without a value is named", () => {
  expect(refusal(() => dimValue(dimAdd(B, N), new Map([["B", 2]])))).toMatchInlineSnapshot(`
    "ShapeError E214 dim: N has no value in B+N.
      fix: bind N by an input's shape."
  `);
});

test("the symbols of an expression are found inside its calls", () => {
  expect([...dimSymbols(dimMax(dimMod(B, 3), dimMul(N, K))).keys()].sort()).toEqual(["B", "K", "N"]);
});

test("text that is no size is refused at its character", () => {
  for (const text of ["", "2B", "B+", "max(B)", "B)", "B^2", "99999999999999999999", "(".repeat(80)]) {
    expect(() => parseDim(text), text).toThrowError(FormatError);
  }
  expect(refusal(() => parseDim("B + * 2"))).toMatchInlineSnapshot(`
    "FormatError E102 dim: unexpected "*" in "B + * 2".
      at: character 3"
  `);
});
