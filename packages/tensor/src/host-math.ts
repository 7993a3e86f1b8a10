/*
 * Elementary functions in float64 with the same bits on every engine.
 *
 * ECMAScript leaves Math.exp, log, sin and cos to the engine, so that a weight or a picture made with them would differ
 * between machines. Here only + − × ÷, Math.sqrt and Math.floor are used, which IEEE 754 and ECMAScript define exactly,
 * and the bits of a number. Errors stated "of the result" are relative; all were measured against 40 digits.
 */

const bits = new DataView(new ArrayBuffer(8)); // a DataView has a byte order of its own choice, a typed array the machine's

const LN2_HIGH = 0.6931471803691238; // ln 2 in 32 bits: its product with an exponent is exact
const LN2_LOW = 1.9082149292705877e-10; // ln 2 less that

/** `1/0!, 1/1!, …, 1/18!`: 18! is the last factorial below 2⁵³. */
const inverseFactorials = factorials(18).map((factorial) => 1 / factorial);

/**
 * Natural logarithm, within 2e-16 of the result.
 *
 * With `x = 2^k·m`, `m` in [√½, √2), and `s = (m − 1)/(m + 1)`: `log x = k·ln 2 + 2(s + s³/3 + s⁵/5 + …)`.
 */
export function hostLog(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : Number.NaN;
  if (x === Infinity) return x;
  let exponent = 0;
  if (x < 2 ** -1022) {
    x *= 2 ** 54; // a subnormal has no exponent field to read
    exponent = -54;
  }
  bits.setFloat64(0, x);
  const high = bits.getUint32(0);
  exponent += (high >>> 20) - 1023;
  bits.setUint32(0, (high & 0xfffff) | 0x3ff00000);
  let m = bits.getFloat64(0);
  if (m >= Math.SQRT2) {
    m /= 2;
    exponent++;
  }
  const f = m - 1;
  const s = f / (m + 1);
  const z = s * s; // at most 0.0295, so that the term z¹¹/23 is below 1e-18
  let series = 0;
  for (let n = 21; n >= 3; n -= 2) series = series * z + 1 / n;
  // 2s = f − s·f, so that the largest term, f, is exact.
  return exponent * LN2_HIGH + (f - (s * (f - 2 * z * series) - exponent * LN2_LOW));
}

/**
 * `e^x`, within 2e-16 of the result where that is not subnormal.
 *
 * With `k = round(x / ln 2)` and `r = x − k·ln 2`: the Taylor series of `e^r`, times 2^k.
 */
export function hostExp(x: number): number {
  if (x > 709.782712893384) return Infinity; // the largest x whose result is finite
  if (x < -745.2) return 0; // half of the least subnormal is exp(−745.13)
  if (Number.isNaN(x)) return x;
  const k = Math.floor(x * Math.LOG2E + 0.5);
  const r = x - k * LN2_HIGH - k * LN2_LOW; // |r| ≤ 0.347: the term r¹⁴/14! is below 1e-17
  let tail = 0;
  for (let n = 14; n >= 2; n--) tail = tail * r + inverseFactorials[n]!;
  const half = Math.floor(k / 2); // 2^k itself may lie outside float64 when the result does not
  return (1 + (r + r * r * tail)) * powerOfTwo(half) * powerOfTwo(k - half);
}

/** Sine of `x` radians, |x| ≤ 2²⁰, within 5e-16. */
export function hostSin(x: number): number {
  const { quadrant, r, low } = reduce(x);
  const y = quadrant % 2 === 0 ? sinNear(r, low) : cosNear(r, low);
  return quadrant >= 2 ? -y : y;
}

/** Cosine of `x` radians, |x| ≤ 2²⁰, within 5e-16. */
export function hostCos(x: number): number {
  const { quadrant, r, low } = reduce(x);
  const y = quadrant % 2 === 0 ? cosNear(r, low) : sinNear(r, low);
  return quadrant === 1 || quadrant === 2 ? -y : y;
}

/**
 * Inverse of the error function on (−1, 1), within 5e-16 of the result; ±∞ at ±1.
 *
 * `erf⁻¹(x) = x·P(w)` with `w = −log(1 − x²)`, in which the function is smooth up to the end (the variable is that of
 * Giles 2012, Approximating the erfinv function). P is three Chebyshev series of our own, fitted with 60 digits: in w on
 * [0, 5], and in √w on [√5, 4] and [4, 6.25], where √w of the float64 next to 1 is 6.0.
 */
export function hostErfinv(x: number): number {
  if (!(x > -1 && x < 1)) return x === 1 || x === -1 ? x * Infinity : Number.NaN;
  const w = -hostLog((1 - x) * (1 + x));
  if (w < 5) return x * chebyshev(CENTRAL, w / 2.5 - 1);
  const s = Math.sqrt(w);
  if (s < 4) return x * chebyshev(MIDDLE, (s - MIDDLE_CENTRE) / MIDDLE_RADIUS);
  return x * chebyshev(TAIL, (s - 5.125) / 1.125);
}

const PI_2_HIGH = 1.5707963267341256; // π/2 in 33 bits: its product with a number of quadrants below 2²⁰ is exact
const PI_2_MIDDLE = 6.077100506303966e-11; // the next 33 bits
const PI_2_LOW = 2.0222662487959506e-21; // the rest

/** `x = n·π/2 + r + low` with |r| ≤ π/4; the quadrant is n mod 4. Cody and Waite 1980, in three parts. */
function reduce(x: number): { quadrant: number; r: number; low: number } {
  const n = Math.floor(x * (2 / Math.PI) + 0.5);
  const a = x - n * PI_2_HIGH;
  const b = n * PI_2_MIDDLE;
  const r = a - b;
  return { quadrant: ((n % 4) + 4) % 4, r, low: a - r - b - n * PI_2_LOW };
}

function sinNear(r: number, low: number): number {
  const z = r * r;
  let series = 0;
  for (let n = 17; n >= 3; n -= 2) series = inverseFactorials[n]! - series * z;
  return r + (low - r * z * series);
}

function cosNear(r: number, low: number): number {
  const z = r * r;
  let series = 0;
  for (let n = 18; n >= 4; n -= 2) series = inverseFactorials[n]! - series * z;
  return 1 - (z / 2 - (z * z * series - r * low));
}

/** Σ c_k·T_k(t) for t in [−1, 1]. Clenshaw 1955. */
function chebyshev(c: readonly number[], t: number): number {
  let next = 0;
  let afterNext = 0;
  for (let k = c.length - 1; k >= 1; k--) {
    const b = 2 * t * next - afterNext + c[k]!;
    afterNext = next;
    next = b;
  }
  return t * next - afterNext + c[0]!;
}

/** 2^k for −1022 ≤ k ≤ 1023. */
function powerOfTwo(k: number): number {
  bits.setUint32(0, (k + 1023) << 20);
  bits.setUint32(4, 0);
  return bits.getFloat64(0);
}

function factorials(last: number): number[] {
  const result = [1];
  for (let n = 1; n <= last; n++) result.push(result[n - 1]! * n);
  return result;
}

const MIDDLE_CENTRE = (4 + Math.sqrt(5)) / 2;
const MIDDLE_RADIUS = (4 - Math.sqrt(5)) / 2;

// biome-ignore format: a table
const CENTRAL = [
  1.4912989404744903, 0.60175630341083, -0.009170559500080926, -0.004962635326766425, 0.0009153796700079642,
  -3.889562757083e-6, -2.4202599404944085e-5, 3.2665715925842334e-6, 2.7758889803736634e-7, -1.3023363013643025e-7,
  8.10464342479187e-9, 2.862438517693075e-9, -5.975090007034137e-10, -1.222297879869563e-11, 1.959596397135697e-11,
  -2.0510407207370845e-12, -3.4468604612228004e-13, 1.0546751676969238e-13, -2.4493755490805207e-15,
  -2.948685683278964e-15, 4.4073860711035857e-16, 3.679429175171005e-17, -1.8246984583383886e-17,
];

// biome-ignore format: a table
const MIDDLE = [
  2.9551687407211653, 0.8814662615079756, 0.0042195219690823425, -0.001386059029307602, 0.0003952078043256751,
  -9.427626776109668e-5, 1.5345297850894837e-5, -5.652798438812065e-7, -5.210789835042124e-7, 1.6026032386514231e-7,
  -1.6856179754873016e-8, -2.755408697200947e-9, 1.2963174956662649e-9, -1.7309252309784064e-10,
  -1.2521273126987647e-11, 9.010642246250984e-12, -1.420309623807246e-12, -2.400022817711797e-14,
  5.482643504189515e-14, -1.0797577930968915e-14, 4.056766267976422e-16, 2.9318673411298654e-16, -7.960790246192595e-17,
];

// biome-ignore format: a table
const TAIL = [
  4.976098221510014, 1.13632640639631, -7.894657288651023e-5, -7.40393876674932e-5, 1.4487997116092317e-5,
  -2.0897638359601916e-6, 2.708361680705596e-7, -3.4653657974355744e-8, 4.986112173302154e-9, -9.387771499414535e-10,
  2.281197598612107e-10, -6.021669188625185e-11, 1.5059720227547468e-11, -3.31714818939e-12, 6.053913177507794e-13,
  -8.10009365553492e-14, 4.0556194175929325e-15, 1.6557915132295137e-15, -6.461302524268682e-16,
  1.3347514307226607e-16, -1.6796033084251808e-17,
];
