import { evaluateTensors } from "@tenon/interpreter";
import { call, constant, type Elements, Fn, input, type Tensor } from "@tenon/ir";
import { expect, test } from "vitest";
import { expectedResults, problemsOf } from "./judge.ts";

const given = (...data: number[]): Elements => ({
  dtype: "float32",
  shape: [data.length],
  data: Float64Array.from(data, Math.fround),
});

/** What the results of `record` on `args` may be off by, in units of 2^-24. */
function allowed(args: readonly Elements[], record: (...xs: Tensor[]) => readonly Tensor[]): number[][] {
  const inputs = args.map((x) => input(x));
  const values = new Map(inputs.map((t, i) => [t, args[i]!]));
  return expectedResults(record(...inputs), values, evaluateTensors, "ieee").map((e) =>
    [...e.allowed].map((x) => x * 2 ** 24),
  );
}

test("one op may be off by the tolerance of its class, and moved values by nothing", () => {
  expect(allowed([given(1, 2), given(3, 4)], (x, y) => [x.add(y), x.reverse()])).toEqual([
    [0, 0],
    [0, 0],
  ]);
  expect(allowed([given(0)], (x) => [x.exp()])).toEqual([[8]]); // four units of 2^-23
});

test("a graph may be off by more where values cancel", () => {
  const [[plain, cancelled]] = allowed([given(1, 1), given(1, -1)], (x, y) => [x.mul(1.5).add(y.mul(1.5))]) as [
    [number, number],
  ];
  expect(plain).toBeLessThan(50);
  expect(cancelled).toBeGreaterThan(4);
});

test("where a value stands at a step, both sides are right", () => {
  const args = [given(3, 2.5)];
  const inputs = args.map((x) => input(x));
  const results = [inputs[0]!.log().exp().floor()];
  const expected = expectedResults(results, new Map([[inputs[0]!, args[0]!]]), evaluateTensors, "ieee");
  const problems = (...data: number[]): readonly string[] => problemsOf(expected, [given(...data)]);
  expect([problems(3, 2), problems(2, 2)]).toEqual([[], []]);
  expect(problems(3, 3)).toHaveLength(1);
});

test("where a value overflows in its dtype and not in the reference, anything is right", () => {
  const allowedHere = allowed([given(100, 1)], (x) => [x.exp().log()])[0]!;
  expect(allowedHere[0]).toBe(Infinity);
  expect(allowedHere[1]).toBeLessThan(100);
});

test("a result that another one is made of does not make that one exact", () => {
  const [a, b] = [input(given(1, 2)), input(given(1, 2))];
  const inner = new Fn("inner", [a, b], [a.mul(b).add(a), b.sub(a)]);
  const [, converted] = allowed([given(1.1, 2.2), given(0.1, 0.7)], (x, y) => {
    const [sum] = call(inner, [x, y]);
    return [sum!, sum!.cast("float64")];
  });
  expect(converted!.every((x) => x > 1)).toBe(true);
});

test("integers are exact, and lengths must agree", () => {
  const x = input({ dtype: "int32", shape: [2] });
  const values = new Map([[x, { dtype: "int32", shape: [2], data: Float64Array.of(1e9, 2) } as const]]);
  const expected = expectedResults([x.sum(), x.add(x)], values, evaluateTensors, "ieee");
  const int = (...data: number[]): Elements => ({
    dtype: "int32",
    shape: [data.length],
    data: Float64Array.from(data),
  });
  expect(problemsOf(expected, [int(1e9 + 2), int(2e9, 4)])).toEqual([]);
  expect(problemsOf(expected, [int(1e9 + 3), int(2e9)])).toEqual([
    "result 0, int32, at 0 is 1000000003, not 1000000002",
    "result 1 has 1 elements, not 2",
  ]);
});

test("a portable target may lose what is not normal", () => {
  const values = (x: number): Elements => given(x);
  const t = input(values(1));
  const allowedAt = (x: number): number =>
    expectedResults([t.neg()], new Map([[t, values(x)]]), evaluateTensors, "portable")[0]!.allowed[0]!;
  expect([allowedAt(1e-40), allowedAt(Infinity), allowedAt(NaN), allowedAt(1)]).toEqual([
    Infinity,
    Infinity,
    Infinity,
    0,
  ]);
});

test("a region may be off by what its own values are, where they cancel", () => {
  const [a, b] = [input(given(1)), input(given(1))];
  const difference = new Fn("difference", [a, b], [a.mul(1e6).add(b.mul(1e6))]);
  const [[allowedThere]] = allowed([given(1), given(-1)], (x, y) => call(difference, [x, y])) as [[number]];
  expect(allowedThere).toBeGreaterThan(1e6);
});

test("where a value vanishes in the dtype of a region and not in the reference, what divides by it may be anything", () => {
  const [a, b] = [input(given(1)), input(given(1))];
  const remainder = new Fn("remainder", [a, b], [b.rem(a.mul(a))]);
  expect(allowed([given(1e-30), given(1)], (x, y) => call(remainder, [x, y]))).toEqual([[Infinity]]);
});

test("where a sum or product leaves the range in some order and not in another, anything is right", () => {
  const of = (reduced: (x: Tensor) => Tensor, ...data: number[]): number =>
    allowed([given(...data)], (x) => [reduced(x).add(0)])[0]![0]!;
  const product = (x: Tensor): Tensor => x.prod();
  expect([of(product, 1e30, 1e30, 1e-40), of((x) => x.sum(), 3e38, 3e38, -3e38)]).toEqual([Infinity, Infinity]);
  expect(of((x) => x.matmul(x.mul(constant([1, -1]))), 1e30, 1e30)).toBe(Infinity);
  expect(of(product, 1e30, 1e-30, 2)).toBeLessThan(2000);
});
