import { expect, test } from "vitest";
import * as ir from "./index.ts";
import {
  type Argument,
  allSamples,
  bools,
  distinct,
  integers,
  materialize,
  normal,
  samplesOf,
  ties,
  uniform,
  values,
} from "./samples.ts";

const drawn = (argument: Argument): number[] => [...materialize(samplesOf(ir.neg, [[argument]])[0]!)[0]!.data];

test("every op has samples, except opaque ones, which nothing here can run", () => {
  const sampled = new Set(
    allSamples().flatMap((s) => s.record(s.operands.map((x) => ir.input(x))).map((y) => y.op.name)),
  );
  const missing = ir.allOps().filter((op) => op.kind !== "leaf" && !sampled.has(op.name));
  expect(missing.map((op) => op.name)).toEqual(["opaque"]);
});

test("the main entry exports no samples", () => {
  expect(Object.keys(ir).filter((name) => /samples?/i.test(name))).toEqual([]);
});

test("a sample draws the same elements every time, and other ones than its neighbours", () => {
  const two = () =>
    samplesOf(ir.add, [
      [normal([20]), normal([20])],
      [normal([20]), normal([20])],
    ])
      .flatMap(materialize)
      .map((x) => [...x.data]);
  const [a, b, c, d] = two();
  expect(two()).toEqual([a, b, c, d]);
  expect(new Set([a, b, c, d].map(String)).size).toBe(4);
  expect(a!.slice(0, 2)).toMatchInlineSnapshot(`
    [
      -1.842779517173767,
      -0.5038939714431763,
    ]
  `);
});

test("normal elements are centred at the offset with the scale as deviation", () => {
  const x = drawn(normal([10_000], { dtype: "float64", offset: 3, scale: 2 }));
  const mean = x.reduce((n, v) => n + v, 0) / x.length;
  const variance = x.reduce((n, v) => n + (v - mean) ** 2, 0) / x.length;
  expect(Math.abs(mean - 3)).toBeLessThan(0.1); // five deviations of the mean
  expect(Math.abs(variance - 4)).toBeLessThan(0.3);
});

test("uniform and whole elements stay within their bounds and reach them", () => {
  const x = drawn(uniform([10_000], -1, 2));
  expect(Math.min(...x)).toBeGreaterThanOrEqual(-1);
  expect(Math.max(...x)).toBeLessThanOrEqual(2);
  expect(Math.max(...x) - Math.min(...x)).toBeGreaterThan(2.99);
  expect([...new Set(drawn(integers([1000], -2, 3)))].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2, 3]);
  expect(new Set(drawn(bools([100])))).toEqual(new Set([0, 1]));
});

test("distinct elements keep apart, ties do not", () => {
  const x = drawn(distinct([7, 9]));
  const sorted = x.toSorted((a, b) => a - b);
  expect(sorted.every((v, i) => v !== 0 && (i === 0 || v - sorted[i - 1]! >= 0.5))).toBe(true);
  expect(x).not.toEqual(sorted);
  expect(new Set(drawn(ties([50]))).size).toBe(3);
});

test("elements are values of their dtype", () => {
  for (const x of drawn(normal([50], { dtype: "float16" }))) expect(ir.roundToDType("float16", x)).toBe(x);
  expect(drawn(values([0.1, 1]))).toEqual([Math.fround(0.1), 1]);
});

test("a list ends with attributes, and a record may leave differences out", () => {
  const [a, b, c] = samplesOf(ir.sum, [
    [normal([2, 3]), { axis: 0 }],
    { operands: [ties([3])], kink: true },
    [normal([3], { dtype: "float16" })],
  ]);
  expect(a!.record([ir.input(ir.spec([2, 3]))])[0]!.shape).toEqual([3]);
  expect([a!.kink, b!.kink, c!.kink]).toEqual([false, true, true]);
  expect([a!.name, a!.index, b!.index]).toEqual(["sum", 0, 1]);
});
