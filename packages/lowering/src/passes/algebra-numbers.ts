import {
  abs,
  add,
  ceil,
  type DType,
  div,
  dtypes,
  floor,
  integerRange,
  isFloat,
  isInteger,
  maximum,
  minimum,
  mul,
  neg,
  pow,
  round,
  roundToDType,
  sign,
  splat,
  sub,
  type Tensor,
} from "@tenon/ir";
import { type AlgebraRule, either, node, rule, under } from "./algebra-rule.ts";
import { isSplat, splatValue } from "./constant-of.ts";

/** Adding it changes nothing, not even a zero's sign: −0 for floats, since −0 + 0 is +0. */
const isNothing = (t: Tensor): boolean => isSplat(t, isFloat(t.dtype) ? -0 : 0);

const isSigned = (dtype: DType): boolean => dtypes[dtype].kind !== "unsigned";

/**
 * Identities of arithmetic. For floats x may be ±0, ±∞, NaN or subnormal, and each side gives the same bits, a NaN's
 * payload aside; integers wrap.
 */
export const numberRules: readonly AlgebraRule[] = [
  rule(
    "x + 0 = x",
    add,
    either((x, zero) => (isNothing(zero) ? x : undefined)),
  ),
  // x + (−y) is how IEEE 754 defines x − y
  rule(
    "x + −y = x − y",
    add,
    either((x, minus) => {
      const y = under(neg, minus);
      return y && node(sub, [x, y]);
    }),
  ),
  // x − (+0) keeps the sign of a zero; x − (−0) does not
  rule("x − 0 = x", sub, ([x, zero]) => (isSplat(zero, 0) ? x : undefined)),
  // −0 − x is −x for every x; +0 − 0 is +0
  rule("0 − x = −x", sub, ([zero, x]) => (isNothing(zero) ? node(neg, [x]) : undefined)),
  rule("x − −y = x + y", sub, ([x, minus]) => {
    const y = under(neg, minus);
    return y && node(add, [x, y]);
  }),
  // ∞ − ∞ and NaN − NaN are NaN
  rule("x − x = 0", sub, ([x, y]) => (x === y && isInteger(x.dtype) ? splat(0, x.shape, x.dtype) : undefined)),
  rule(
    "x · 1 = x",
    mul,
    either((x, one) => (isSplat(one, 1) ? x : undefined)),
  ),
  rule(
    "x · −1 = −x",
    mul,
    either((x, one) => (isSplat(one, -1) ? node(neg, [x]) : undefined)),
  ),
  // a float times 0 keeps a sign, and may be NaN
  rule(
    "x · 0 = 0",
    mul,
    either((x, zero) => (isInteger(x.dtype) && isSplat(zero, 0) ? zero : undefined)),
  ),
  rule("−x · −y = x · y", mul, ([x, y]) => {
    const [a, b] = [under(neg, x), under(neg, y)];
    return a && b && node(mul, [a, b]);
  }),
  rule("x / 1 = x", div, ([x, one]) => (isSplat(one, 1) ? x : undefined)),
  rule("x / −1 = −x", div, ([x, one]) => (isSplat(one, -1) && isSigned(x.dtype) ? node(neg, [x]) : undefined)),
  // both are the same real number, rounded once; a subnormal reciprocal might be flushed
  rule("x / 2^k = x · 2^−k", div, ([x, y]) => {
    const reciprocal = isFloat(x.dtype) ? reciprocalOf(splatValue(y), x.dtype) : undefined;
    return reciprocal === undefined ? undefined : node(mul, [x, splat(reciprocal, y.shape, y.dtype)]);
  }),
  // integers: the smallest one is its own negative
  rule("−x / −y = x / y", div, ([x, y]) => {
    const [a, b] = [under(neg, x), under(neg, y)];
    return isFloat(x.dtype) ? a && b && node(div, [a, b]) : undefined;
  }),
  rule("−−x = x", neg, ([x]) => under(neg, x)),
  rule("|−x| = |x|", abs, ([x]) => {
    const y = isSigned(x.dtype) ? under(neg, x) : undefined;
    return y && node(abs, [y]);
  }),
  rule("||x|| = |x|", abs, ([x]) => (x.op === abs.op ? x : undefined)),
  rule("sign sign x = sign x", sign, ([x]) => (x.op === sign.op ? x : undefined)),
  ...[floor, ceil, round].map((op) =>
    rule(`${op.op.name} of a whole number`, op, ([x]) =>
      x.op === floor.op || x.op === ceil.op || x.op === round.op ? x : undefined,
    ),
  ),
  ...[maximum, minimum].flatMap((op) => [
    rule(`${op.op.name}(x, x) = x`, op, ([x, y]) => (x === y ? x : undefined)),
    rule(
      `${op.op.name}(x, the least that it can be) = x`,
      op,
      either((x, bound) => (isSplat(bound, boundOf(x.dtype, op === maximum)) ? x : undefined)),
    ),
  ]),
  ...powers(),
];

/** What `maximum`, or else `minimum`, gives way to always. */
function boundOf(dtype: DType, lowest: boolean): number {
  const [min, max] = isFloat(dtype) ? [-Infinity, Infinity] : integerRange(dtype);
  return lowest ? min : max;
}

const smallestNormal: Partial<Readonly<Record<DType, number>>> = {
  float16: 2 ** -14,
  bfloat16: 2 ** -126,
  float32: 2 ** -126,
  float64: 2 ** -1022,
};

/** `1/y` where y is ± a power of two and both are normal numbers of the dtype. */
function reciprocalOf(y: number | undefined, dtype: DType): number | undefined {
  if (y === undefined || !Number.isFinite(y) || Math.abs(y) < smallestNormal[dtype]!) return undefined;
  const reciprocal = 1 / y;
  const exact = Number.isInteger(Math.log2(Math.abs(y))) && reciprocal * y === 1;
  if (!exact || roundToDType(dtype, reciprocal) !== reciprocal) return undefined;
  return Math.abs(reciprocal) < smallestNormal[dtype]! ? undefined : reciprocal;
}

/**
 * Powers with a small whole exponent as products. `x²` is correctly rounded, and `x³` and `x⁴` are within 2 units in the
 * last place, inside the class of `pow`, transcendental. At ±0, ±∞ and NaN they are what `pow` is; an intermediate
 * product overflows, or loses digits, only where the power does.
 */
function powers(): readonly AlgebraRule[] {
  const products: readonly (readonly [exponent: number, product: (x: Tensor) => Tensor])[] = [
    [-1, (x) => node(div, [splat(1, x.shape, x.dtype), x])],
    [0, (x) => splat(1, x.shape, x.dtype)],
    [1, (x) => x],
    [2, (x) => node(mul, [x, x])],
    [3, (x) => node(mul, [node(mul, [x, x]), x])],
    [
      4,
      (x) => {
        const square = node(mul, [x, x]);
        return node(mul, [square, square]);
      },
    ],
  ];
  return products.map(([exponent, product]) =>
    rule(`pow(x, ${exponent})`, pow, ([x, y]) => (splatValue(y) === exponent ? product(x) : undefined)),
  );
}
