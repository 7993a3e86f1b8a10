import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { hostCos, hostErfinv, hostExp, hostLog, hostSin } from "./host-math.ts";
import { HostRandom, hostKey } from "./host-random.ts";

const COUNT = 10_000;

/** Numbers of [low, high], the ends among them. */
function between(low: number, high: number): number[] {
  const random = new HostRandom(hostKey(1));
  return [low, high, ...Array.from({ length: COUNT - 2 }, () => low + random.next() * (high - low))];
}

/** Largest error relative to `expected`, or to `scale` where that is larger. */
function worst(xs: readonly number[], ours: (x: number) => number, theirs: (x: number) => number, scale = 0): number {
  return Math.max(...xs.map((x) => Math.abs(ours(x) - theirs(x)) / Math.max(Math.abs(theirs(x)), scale, 2 ** -1022)));
}

function digest(xs: readonly number[], f: (x: number) => number): string {
  return createHash("sha256")
    .update(new Uint8Array(littleEndian(xs.map(f))))
    .digest("hex")
    .slice(0, 16);
}

function littleEndian(values: readonly number[]): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(8 * values.length));
  for (const [i, value] of values.entries()) view.setFloat64(8 * i, value, true);
  return view.buffer;
}

// Math's own functions may be off by an ulp or so, hence 1e-15.
test("log, exp, sin and cos agree with Math to 1e-15", () => {
  const exponents = between(-1074, 1023);
  expect(
    worst(
      exponents.map((e) => 2 ** e),
      hostLog,
      Math.log,
    ),
  ).toBeLessThan(1e-15);
  expect(worst(between(0.5, 2), hostLog, Math.log)).toBeLessThan(1e-15);
  expect(worst(between(-708, 709.7), hostExp, Math.exp)).toBeLessThan(1e-15);
  expect(worst(between(-1e-3, 1e-3), hostExp, Math.exp)).toBeLessThan(1e-15);
  expect(worst(between(-4, 4), hostSin, Math.sin)).toBeLessThan(1e-15);
  expect(worst(between(-(2 ** 20), 2 ** 20), hostSin, Math.sin, 1)).toBeLessThan(1e-15);
  expect(worst(between(-(2 ** 20), 2 ** 20), hostCos, Math.cos, 1)).toBeLessThan(1e-15);
});

test("inverse erf has the digits of a computation with 40", () => {
  // mpmath.erfinv of the float64 argument
  const known: readonly [number, number][] = [
    [1e-300, 8.86226925452758e-301],
    [1e-9, 8.86226925452758e-10],
    [0.001, 0.0008862271574665521],
    [0.1, 0.08885599049425769],
    [0.5, 0.4769362762044699],
    [0.9, 1.1630871536766743],
    [0.99, 1.8213863677184494],
    [0.9966, 2.071150939906553],
    [0.9967, 2.077703486165099],
    [0.9999, 2.75106390571208],
    [0.99999995, 3.8546585768801367],
    [0.99999994, 3.831671051435217],
    [0.9999999997671694, 4.481612907118849],
    [0.9999999998835847, 4.556549801237543],
    [0.9999999999999716, 5.377767781541279],
    [0.9999999999999999, 5.8635847487551676],
  ];
  for (const [x, y] of known) {
    expect(Math.abs(hostErfinv(x) / y - 1), `${x}`).toBeLessThan(1e-15);
    expect(hostErfinv(-x)).toBe(-hostErfinv(x));
  }
});

test("zeros, infinities, NaN and subnormals are as in Math", () => {
  for (const x of [0, -0, 1, -1, Infinity, -Infinity, Number.NaN]) expect(hostLog(x)).toBe(Math.log(x));
  for (const x of [0, -0, Infinity, -Infinity, Number.NaN, 710, -746]) expect(hostExp(x)).toBe(Math.exp(x));
  expect([hostExp(-745), hostExp(-740) / Math.exp(-740)]).toEqual([5e-324, 1]);
  expect([hostSin(0), hostCos(0)]).toEqual([0, 1]);
  expect([hostSin(Infinity), hostCos(Number.NaN)]).toEqual([Number.NaN, Number.NaN]);
  expect([0, 1, -1, 2, Number.NaN].map(hostErfinv)).toEqual([0, Infinity, -Infinity, Number.NaN, Number.NaN]);
});

test("10,000 results of each function have the same bits everywhere", () => {
  expect({
    log: digest(between(1e-3, 1e3), hostLog),
    exp: digest(between(-20, 20), hostExp),
    sin: digest(between(-100, 100), hostSin),
    cos: digest(between(-100, 100), hostCos),
    erfinv: digest(between(-0.999999, 0.999999), hostErfinv),
  }).toMatchInlineSnapshot(`
    {
      "cos": "8a1af281673c4d7e",
      "erfinv": "f1afb9c4e9bbf871",
      "exp": "71081f2147374c3f",
      "log": "2a016ba5bd644685",
      "sin": "0cb7220262697249",
    }
  `);
});
