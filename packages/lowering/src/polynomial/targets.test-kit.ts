import type { Arithmetic, Elementary } from "./arithmetic.ts";

const word = new DataView(new ArrayBuffer(4));

export function fromBits(bits: number): number {
  word.setInt32(0, bits);
  return word.getFloat32(0);
}

function bits(x: number): number {
  word.setFloat32(0, x);
  return word.getInt32(0);
}

/** The nearest integral value, ties to even. Numbers from 2²³ on are integral. */
function nearest(x: number): number {
  const big = 2 ** 23;
  if (!(Math.abs(x) < big)) return x;
  return x < 0 ? Math.fround(x - big) + big : Math.fround(x + big) - big;
}

function mulHigh(a: number, b: number): number {
  const [aHigh, aLow, bHigh, bLow] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const [cross, other] = [aHigh * bLow, aLow * bHigh];
  const carry = Math.floor((aLow * bLow) / 2 ** 16) + (cross % 2 ** 16) + (other % 2 ** 16);
  return (aHigh * bHigh + Math.floor(cross / 2 ** 16) + Math.floor(other / 2 ** 16) + Math.floor(carry / 2 ** 16)) | 0;
}

const float = Math.fround;

/**
 * float32 arithmetic on numbers of JavaScript: each operation rounds on its own, as WebAssembly's does. A sum, product or
 * quotient of two float32 numbers in float64, rounded again, is the float32 result (Figueroa 1995, When is double rounding
 * innocuous?).
 */
export const numbers: Arithmetic<number, number, boolean> = {
  float,
  add: (a, b) => float(a + b),
  sub: (a, b) => float(a - b),
  mul: (a, b) => float(a * b),
  div: (a, b) => float(a / b),
  mulAdd: (a, b, c) => float(float(a * b) + c),
  nearest,
  bits,
  fromBits,
  toInteger: (a) => a | 0,
  toFloat: float,
  integer: (value) => value | 0,
  addInteger: (a, b) => (a + b) | 0,
  subInteger: (a, b) => (a - b) | 0,
  mulInteger: Math.imul,
  mulHigh,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  shiftLeft: (a, count) => a << count,
  shiftRight: (a, count) => a >> count,
  shiftRightUnsigned: (a, count) => (a >>> count) | 0,
  less: (a, b) => a < b,
  select: (p, yes, no) => (p ? yes : no),
  selectInteger: (p, yes, no) => (p ? yes : no),
  rarely: (p, rare, common) => (p ? rare() : common),
};

const exact = new Float64Array(1);
const halves = new Uint32Array(exact.buffer);
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * `a · b + c`, rounded once to float32. The product is exact in float64, and the sum is rounded to odd there, so that the
 * rounding to float32 is the only one (Boldo & Melquiond 2008, Emulation of FMA and correctly rounded sums).
 */
function fusedMulAdd(a: number, b: number, c: number): number {
  const product = a * b;
  const sum = product + c;
  const part = sum - product;
  const lost = product - (sum - part) + (c - part);
  if (lost === 0 || !Number.isFinite(sum)) return float(sum);
  exact[0] = sum;
  const low = littleEndian ? 0 : 1;
  if ((halves[low]! & 1) === 1) return float(sum);
  // The neighbour of an even pattern towards `lost` is odd: one pattern up if it is farther from 0, else one down.
  if (lost > 0 === sum > 0) halves[low] = halves[low]! + 1;
  else if (halves[low] === 0) {
    halves[low] = 0xffffffff;
    halves[1 - low] = halves[1 - low]! - 1;
  } else halves[low] = halves[low]! - 1;
  return float(exact[0]!);
}

/** The same with fused multiply-add, as on GPUs, and with WebAssembly's relaxed SIMD where the machine has it. */
export const fused: Arithmetic<number, number, boolean> = { ...numbers, mulAdd: fusedMulAdd };

const flush = (x: number): number => (Math.abs(x) < 2 ** -126 ? 0 * x : x);

/** The same on a target that takes subnormals for zero, as WGSL may. */
export const flushing: Arithmetic<number, number, boolean> = {
  ...numbers,
  add: (a, b) => flush(numbers.add(flush(a), flush(b))),
  sub: (a, b) => flush(numbers.sub(flush(a), flush(b))),
  mul: (a, b) => flush(numbers.mul(flush(a), flush(b))),
  div: (a, b) => flush(numbers.div(flush(a), flush(b))),
  mulAdd: (a, b, c) => flush(numbers.mulAdd(flush(a), flush(b), flush(c))),
};

/** A value, and the factors of which it is the rounded product. */
interface Contractible {
  readonly value: number;
  readonly factors?: readonly [number, number];
}

const plain = (value: number): Contractible => ({ value });
const sum = (a: Contractible, b: Contractible, sign: number): Contractible => {
  if (a.factors !== undefined) return plain(fusedMulAdd(...a.factors, sign * b.value));
  if (b.factors !== undefined) return plain(fusedMulAdd(sign * b.factors[0], b.factors[1], a.value));
  return plain(float(a.value + sign * b.value));
};

/** The same by a compiler that contracts every sum with a product in it, as CUDA's does by default. */
export const contracting: Arithmetic<Contractible, number, boolean> = {
  ...numbers,
  float: (value) => plain(float(value)),
  add: (a, b) => sum(a, b, 1),
  sub: (a, b) => sum(a, b, -1),
  mul: (a, b) => ({ value: float(a.value * b.value), factors: [a.value, b.value] }),
  div: (a, b) => plain(numbers.div(a.value, b.value)),
  mulAdd: (a, b, c) => plain(fusedMulAdd(a.value, b.value, c.value)),
  nearest: (a) => plain(nearest(a.value)),
  bits: (a) => bits(a.value),
  fromBits: (a) => plain(fromBits(a)),
  toInteger: (a) => a.value | 0,
  toFloat: (a) => plain(float(a)),
  select: (p, yes, no) => (p ? yes : no),
  rarely: (p, rare, common) => (p ? rare() : common),
};

/** As functions of one number. */
export const evaluators = {
  "rounding every operation": (f: Elementary) => (x: number) => f(numbers, x),
  "with fused multiply-add": (f: Elementary) => (x: number) => f(fused, x),
  "with contracted products": (f: Elementary) => (x: number) => f(contracting, plain(x)).value,
} as const;
