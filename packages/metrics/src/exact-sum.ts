import {
  bitcast,
  constant,
  greater,
  greaterEqual,
  iota,
  isFloat,
  less,
  pad,
  type Tensor,
  where,
  zeros,
} from "@tenon/tensor";

/**
 * A sum of float32 numbers without rounding: a number of 288 bits, wide enough for every bit that a float32 can have, in 36
 * bins of 8 bits, each an int32 with room for carries. Only integers are added, so that the sum is the
 * same for any order and split, bit for bit, on every backend. Kulisch 1971, Grundlagen des numerischen Rechnens.
 *
 * `special` collects what has no bits: NaN and infinities.
 */
export type ExactSum = { bins: Tensor; special: Tensor };

const BIN_BITS = 8;
const BINS = 36; // 35 hold the bits from 2^−152 to 2^127; the last one takes 31 bits of carries
const LOWEST = -152; // a multiple of 8 below 2^−149, the smallest float32, so that 1 is the lowest bit of a bin
const UNIT_BIN = -LOWEST / BIN_BITS;
const FRACTION_BITS = 23; // of float32, whose fields begin at this bit
const FRACTION = 2 ** FRACTION_BITS - 1;
const MAX_EXPONENT = 255;
const EXPONENT_BIAS = 150; // x = fraction · 2^(exponent − 150), the fraction as a whole number

/** Zero, for each element of a shape. */
export const exactZero = (shape: readonly number[] = []): ExactSum => ({
  bins: zeros([...shape, BINS], "int32"),
  special: zeros(shape),
});

/**
 * The sum and some more values: leading axes of `values` are summed, the last ones are those of the sum. Integers and bools are
 * counted, floats are rounded to float32 first. One call takes at most 8 million values per element of the sum.
 */
export function exactAdd({ bins, special }: ExactSum, values: Tensor): ExactSum {
  const axis = Array.from({ length: values.rank - special.rank }, (_, i) => i);
  const total = (x: Tensor): Tensor => (axis.length === 0 ? x : x.sum({ axis }));
  if (!isFloat(values.dtype)) {
    const unit = constant(
      Array.from({ length: BINS }, (_, bin) => Number(bin === UNIT_BIN)),
      [BINS],
      "int32",
    );
    return { bins: carried(bins.add(total(values.cast("int32")).expandDims(-1).mul(unit))), special };
  }
  const x = values.cast("float32");
  const exponent = exponentOf(bitcast(x, "int32"));
  const isNumber = less(exponent, MAX_EXPONENT); // NaN and infinities have it
  return {
    bins: carried(bins.add(total(binsOf(where(isNumber, x, 0))))),
    special: special.add(total(where(isNumber, 0, x))),
  };
}

const exponentOf = (bits: Tensor): Tensor => bits.shr(FRACTION_BITS).and(MAX_EXPONENT);

/** The bits of float32 numbers in their bins, with the sign of the number. (…) → (…, bins) */
function binsOf(x: Tensor): Tensor {
  const bits = bitcast(x, "int32");
  const exponent = exponentOf(bits);
  const mantissa = bits.and(FRACTION).add(greater(exponent, 0).cast("int32").shl(FRACTION_BITS)); // subnormals lack the leading bit
  const lowestBit = exponent.maximum(1).sub(EXPONENT_BIAS + LOWEST); // subnormals have the exponent of 1
  const shift = lowestBit.expandDims(-1).sub(iota([BINS]).mul(BIN_BITS));
  const m = mantissa.expandDims(-1);
  const part = where(greaterEqual(shift, 0), m.shl(shift.minimum(31)), m.shr(shift.neg().minimum(31))).and(
    2 ** BIN_BITS - 1,
  );
  return where(less(bits.expandDims(-1), 0), part.neg(), part);
}

/** The same number with carries moved one bin up, so that no bin ever holds more than one call adds. */
function carried(bins: Tensor): Tensor {
  const carries = bins.sliceAxis(-1, 0, BINS - 1).shr(BIN_BITS); // rounds down, so that what stays is positive
  const sides = (lo: number, hi: number) => {
    const none = Array.from({ length: bins.rank - 1 }, () => 0);
    return { lo: [...none, lo], hi: [...none, hi] };
  };
  return bins.sub(pad(carries.shl(BIN_BITS), sides(0, 1))).add(pad(carries, sides(1, 0)));
}

/** The sums as numbers, each rounded once to float64. */
export async function exactValues({ bins, special }: ExactSum): Promise<number[]> {
  const [digits, others] = await Promise.all([bins.data(), special.data()]);
  return Array.from(others as Float32Array, (other, i) => {
    if (other !== 0) return other;
    let sum = 0n;
    for (let bin = BINS - 1; bin >= 0; bin--) sum = (sum << BigInt(BIN_BITS)) + BigInt(Number(digits[i * BINS + bin]));
    return Number(sum) * 2 ** LOWEST;
  });
}
