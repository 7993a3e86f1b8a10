"""Writes src/polynomial/coefficients.ts, for exp and log, and coefficients-rare.ts, for the other functions: near-minimax
polynomials and split constants in float32.

    cd packages/lowering
    python3 generate/coefficients.py
    npx biome check --write src/polynomial

Needs python3 and mpmath. Weighted least squares over Chebyshev's points in 40 digits, which comes within a small
factor of the minimax polynomial. Coefficients are rounded to float32 from the lowest degree upwards, and after each the
remaining ones are fitted again, so that later coefficients repair what rounding took.
"""

import struct

from mpmath import atanh, cos, erf, erfc, expm1, fabs, ln, log1p, lu_solve, matrix, mp, mpf, pi, sin, sqrt, tanh

mp.dps = 40
POINTS = 120
GRID = 599


def float32(x):
    return mpf(struct.unpack("<f", struct.pack("<f", float(x)))[0])


def fit(f, weight, low, high, powers):
    """The polynomial Σ c_i x^powers[i] with the least Σ (weight(x) · (f(x) − Σ))² over Chebyshev's points."""
    points = [(low + high) / 2 - (high - low) / 2 * cos(pi * (2 * i + 1) / (2 * POINTS)) for i in range(POINTS)]
    rows = matrix(POINTS, len(powers))
    right = matrix(POINTS, 1)
    for i, x in enumerate(points):
        w = weight(x)
        right[i] = w * f(x)
        for j, power in enumerate(powers):
            rows[i, j] = w * x**power
    solution = lu_solve(rows.T * rows, rows.T * right)
    return [solution[j] for j in range(len(powers))]


def minimax(f, weight, low, high, degree):
    """Coefficients in float32, and the largest weight(x) · |f(x) − polynomial|."""
    low, high = mpf(low), mpf(high)
    fixed = []
    for lowest in range(degree + 1):
        rest = lambda x: f(x) - sum(c * x**i for i, c in enumerate(fixed))
        fixed.append(float32(fit(rest, weight, low, high, list(range(lowest, degree + 1)))[0]))
    grid = [low + (high - low) * mpf(i) / GRID for i in range(GRID + 1)]
    return fixed, max(weight(x) * fabs(f(x) - sum(c * x**i for i, c in enumerate(fixed))) for x in grid)


def truncated(x, bits):
    """The `bits` leading bits of x."""
    scale = mpf(2) ** (bits - 1 - int(mp.floor(mp.log(fabs(x), 2))))
    return mp.floor(x * scale) / scale


def text(x):
    return repr(float(mp.nstr(x, 9))) if float32(mpf(mp.nstr(x, 9))) == x else repr(float(x))


COMMON = ["INVERSE_LN2", "LN2_HIGH", "LN2_LOW", "EXPM1_TAIL", "LOG1P_TAIL"]
HEAD = "// Written by generate/coefficients.py. Polynomials list their coefficients from the lowest degree upwards.\n\n"
files = {"coefficients": HEAD, "coefficients-rare": HEAD}


def constant(doc, name, value):
    files["coefficients" if name.split(":")[0] in COMMON else "coefficients-rare"] += (
        f"/** {doc} */\nexport const {name} = {value};\n\n"
    )


def scalar(doc, name, value):
    constant(doc, name, text(value))


def polynomial(doc, name, fit):
    coefficients, largest = fit
    rows = "".join(f"  {text(c)},\n" for c in coefficients)
    bound = mp.nstr(mp.log(largest, 2), 4)
    constant(f"{doc} Error 2^{bound}.", f"{name}: readonly number[]", f"[\n{rows}]")


scalar("`1 / ln 2`.", "INVERSE_LN2", float32(1 / ln(2)))
ln2 = truncated(ln(2), 14)
scalar("The 14 leading bits of ln 2: its product with an exponent is exact.", "LN2_HIGH", ln2)
scalar("What they leave.", "LN2_LOW", float32(ln(2) - ln2))
scalar("`2 / π`.", "TWO_OVER_PI", float32(2 / pi))
parts = []
rest = pi / 2
for _ in range(3):
    parts.append(truncated(rest, 11))
    rest -= parts[-1]
parts.append(float32(rest))
rows = "".join(f"  {text(c)},\n" for c in parts)
constant(
    "π / 2 in parts of 11 bits, whose products with 13-bit integers are exact, and a rest.",
    "HALF_PI_PARTS: readonly number[]",
    f"[\n{rows}]",
)
scalar("π / 2 without its first part.", "HALF_PI_REST", float32(pi / 2 - parts[0]))
scalar("`π / 2`.", "HALF_PI", float32(pi / 2))

mp.dps = 80
rows = ""
for i in range(4):
    window = int(mp.floor(2 / pi * mpf(2) ** (29 * i - 10 + 126))) % 2**128
    words = [(window >> shift) % 2**32 for shift in (96, 64, 32, 0)]
    rows += "  [" + ", ".join(f"0x{w:08x}" for w in words) + "],\n"
constant(
    "`2^(29·i − 10) · 2/π mod 4` for i = 0 … 3, in fixed point: 2 bits, then 126 bits of fraction, as four words.",
    "TWO_OVER_PI_WINDOWS: readonly (readonly number[])[]",
    f"[\n{rows}]",
)
mp.dps = 40

half_ln2 = ln(2) / 2 * mpf("1.0001")
polynomial(
    "`(e^r − 1 − r) / r²` for |r| ≤ ½ ln 2.",
    "EXPM1_TAIL",
    minimax(lambda r: (expm1(r) - r) / r**2 if r else mpf(1) / 2, lambda r: r**2 / fabs(expm1(r)) if r else mpf("1e-9"),
            -half_ln2, half_ln2, 5),
)
polynomial(
    "`(log(1 + f) − f + f²/2) / f³` for √½ ≤ 1 + f ≤ √2.",
    "LOG1P_TAIL",
    minimax(lambda f: (log1p(f) - f + f**2 / 2) / f**3 if fabs(f) > 1e-9 else mpf(1) / 3,
            lambda f: fabs(f**3 / log1p(f)) if fabs(f) > 1e-9 else mpf("1e-9"),
            sqrt(mpf(1) / 2) - 1, sqrt(mpf(2)) - 1, 8),
)
quarter = (pi / 4 * mpf("1.0002")) ** 2
tiny = mpf("1e-12")
polynomial(
    "`(sin r − r) / r³` in z = r², |r| ≤ π/4.",
    "SIN_TAIL",
    minimax(lambda z: (sin(sqrt(z)) - sqrt(z)) / sqrt(z) ** 3, lambda z: sqrt(z) ** 3 / sin(sqrt(z)), tiny, quarter, 3),
)
polynomial(
    "`(cos r − 1 + r²/2) / r⁴` in z = r², |r| ≤ π/4.",
    "COS_TAIL",
    minimax(lambda z: (cos(sqrt(z)) - 1 + z / 2) / z**2, lambda z: z**2 / cos(sqrt(z)), mpf("1e-8"), quarter, 2),
)
polynomial(
    "`(tanh x − x) / x³` in z = x², |x| ≤ 0.625.",
    "TANH_TAIL",
    minimax(lambda z: (tanh(sqrt(z)) - sqrt(z)) / sqrt(z) ** 3, lambda z: sqrt(z) ** 3 / tanh(sqrt(z)), tiny,
            mpf("0.625") ** 2, 4),
)
polynomial(
    "`erf(x) / x − 1` in z = x², |x| ≤ 0.9375.",
    "ERF_CENTRE",
    minimax(lambda z: erf(sqrt(z)) / sqrt(z) - 1, lambda z: sqrt(z) / erf(sqrt(z)), tiny, mpf("0.9375") ** 2, 6),
)
polynomial(
    "`log(1 − erf x)` for 0.9375 ≤ x ≤ 3.9375; weighed by 1 − erf x.",
    "ERF_TAIL",
    minimax(lambda x: ln(erfc(x)), lambda x: erfc(x) / erf(x), "0.9375", "3.9375", 6),
)
scalar("The 12 leading bits of 1/3.", "THIRD_HIGH", truncated(mpf(1) / 3, 12))
scalar("What they leave.", "THIRD_LOW", float32(mpf(1) / 3 - truncated(mpf(1) / 3, 12)))
widest = ((sqrt(mpf(2)) - 1) / (sqrt(mpf(2)) + 1) * mpf("1.001")) ** 2
polynomial(
    "`(atanh s − s − s³/3) / s⁵` in z = s², s = f / (2 + f) for √½ ≤ 1 + f ≤ √2.",
    "ATANH_TAIL",
    minimax(lambda z: (atanh(sqrt(z)) - sqrt(z) - sqrt(z) ** 3 / 3) / sqrt(z) ** 5,
            lambda z: sqrt(z) ** 5 / atanh(sqrt(z)), mpf("1e-6"), widest, 2),
)

for file, content in files.items():
    with open(f"src/polynomial/{file}.ts", "w") as out:
        out.write(content)
