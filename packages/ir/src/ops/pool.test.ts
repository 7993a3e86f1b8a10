import { backward } from "@tenon/autograd";
import { expect, test } from "vitest";
import {
  adaptiveAvgPool,
  applyOp,
  avgPool,
  constant,
  input,
  maxPool,
  maxPoolOp,
  spec,
  type Tensor,
  topologicalOrder,
} from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated } from "./evaluated.test-kit.ts";

const row = (...values: number[]): Tensor => constant(values, [1, values.length, 1]);
const gradient = (y: Tensor, x: Tensor, dy: Tensor): number[] => evaluated(backward([y], [x], [dy]).gradients[0]!);

test("maxPool takes the largest of each window, whose size is its stride where none is given", () => {
  expect(evaluated(maxPool(row(1, 3, 2, 5, 4), { size: 2 }))).toEqual([3, 5]);
  expect(evaluated(maxPool(row(1, 3, 2, 5, 4), { size: 2, stride: 1 }))).toEqual([3, 3, 5, 5]);
  expect(evaluated(maxPool(row(1, 3, 2, 5, 4), { size: 2, padding: "same" }))).toEqual([3, 5, 4]);
});

test("the place of the largest is that of the first of equals, and never one of the padding", () => {
  const lowest = -3.4028234663852886e38;
  const x = constant([lowest, lowest, 2, 2, 2, 2], [1, 3, 2, 1]);
  const attrs = { size: [2, 2], stride: [1, 1], lo: [1, 1], hi: [0, 0] };
  const [y, index] = applyOp(maxPoolOp, [x], attrs);
  expect(evaluated(y!)).toEqual([lowest, lowest, 2, 2, 2, 2]);
  expect(evaluated(index!)).toEqual([3, 2, 3, 2, 1, 0]);
});

test("the gradient of maxPool goes to the first of equals, added up where windows overlap", () => {
  const x = row(1, 3, 3, 0, 2);
  expect(gradient(maxPool(x, { size: 3, stride: 1 }), x, row(1, 10, 100))).toEqual([0, 11, 100, 0, 0]);
  expect(gradient(maxPool(x, { size: 2 }), x, row(1, 10))).toEqual([0, 1, 10, 0, 0]);
});

test("gradients of pools are gathered by moves: nothing is scattered or folded", () => {
  for (const stride of [2, 1]) {
    for (const pool of [maxPool, avgPool]) {
      const x = row(1, 3, 3, 0, 2);
      const y = pool(x, { size: 2, stride });
      const names = topologicalOrder([backward([y], [x], [y]).gradients[0]!]).map(({ op }) => op.name);
      expect(names.filter((name) => name === "scatter" || name === "fold")).toEqual([]);
    }
  }
});

test("a window that holds a NaN is NaN, and the NaN has the gradient", () => {
  const x = row(1, Number.NaN, 2, 3);
  expect(evaluated(maxPool(x, { size: 2 }))).toEqual([Number.NaN, 3]);
  expect(gradient(maxPool(x, { size: 2 }), x, row(1, 1))).toEqual([0, 1, 0, 1]);
});

test("avgPool leaves padding out of the mean, as Keras does, and counts it when asked, as PyTorch does", () => {
  const x = row(2, 4, 6);
  expect(evaluated(avgPool(x, { size: 2, padding: "same" }))).toEqual([3, 6]);
  expect(evaluated(avgPool(x, { size: 2, padding: [[0, 1]], countPadding: true }))).toEqual([3, 3]);
  expect(gradient(avgPool(x, { size: 2, padding: "same" }), x, row(1, 1))).toEqual([0.5, 0.5, 1]);
});

test("avgPool of float16 adds up in float32", () => {
  expect(evaluated(avgPool(constant(60000, [1, 4, 1], "float16"), { size: 4 }))).toEqual([60000]);
});

test("adaptiveAvgPool averages windows of nearly equal length, which overlap where they do not divide", () => {
  expect(evaluated(adaptiveAvgPool(row(1, 2, 3, 4, 5, 6), { size: 4 }))).toEqual([1.5, 2.5, 4.5, 5.5]);
  expect(evaluated(adaptiveAvgPool(row(1, 2, 3, 4), { size: 2 }))).toEqual([1.5, 3.5]);
  expect(evaluated(adaptiveAvgPool(row(1, 3), { size: 3 }))).toEqual([1, 2, 3]);
  const x = input(spec([1, "H", 1]));
  expect(evaluated(adaptiveAvgPool(x, { size: 4 }), [[x, [1, 2, 3, 4, 5, 6]]])).toEqual([1.5, 2.5, 4.5, 5.5]);
});

test("sizes may be symbolic", () => {
  const x = input(spec(["B", "2*H", 5, 3]));
  expect(maxPool(x, { size: 2 }).shape.map(String)).toEqual(["B", "H", "2", "3"]);
  expect(avgPool(x, { size: 2, padding: "same" }).shape.map(String)).toEqual(["B", "H", "3", "3"]);
  const known = constant(
    Array.from({ length: 60 }, (_, i) => (i * 7) % 11),
    [1, 4, 5, 3],
  );
  for (const pool of [maxPool, avgPool]) {
    const dx = (t: Tensor): Tensor => {
      const y = pool(t, { size: [2, 3], stride: 1, padding: "same" });
      return backward([y], [t], [y]).gradients[0]!;
    };
    const one = input(spec([1, "2*H", 5, 3]));
    expect(evaluated(dx(one), [[one, evaluated(known)]])).toEqual(evaluated(dx(known)));
  }
});

test("windows that do not fit, and padding that fills one, are refused", () => {
  const x = row(1, 2, 3);
  expect(refusal(() => maxPool(x, { size: 4 }))).toMatchInlineSnapshot(`
    "ShapeError E210 nn.max_pool: the window reaches over 4 places, but axis 1 of x with its padding has 3.
      x: float32 [1, 3, 1]
      fix: use padding: "same", a smaller window, or larger examples."
  `);
  expect(refusal(() => maxPool(x, { size: 2, padding: 2 }))).toMatchInlineSnapshot(`
    "ShapeError E210 nn.max_pool: 2 places of padding on axis 1, so that a window of 2 holds padding alone.
      x: float32 [1, 3, 1]
      fix: pad by less than a window."
  `);
  expect(refusal(() => avgPool(constant(1, [3, 3]), { size: 2 }))).toMatchInlineSnapshot(`
    "ShapeError E206 avgPool: x has rank 2, which is not 3, 4 or 5, in (N,*n,C)->(N,*o,C).
      x: float32 [3, 3]
      fix: reshape x: examples first, then 1 to 3 spatial axes, channels last."
  `);
  expect(refusal(() => avgPool(x, { size: 0 }))).toMatchInlineSnapshot(`
    "OptionError E803 avgPool: size is 0.
      fix: give a whole number from 1, or a list of 1."
  `);
  expect(refusal(() => avgPool(x, { poolSize: 2 } as never))).toMatchInlineSnapshot(`
    "OptionError E801 avgPool: unknown option poolSize.
      fix: the options are size, stride, padding, countPadding."
  `);
  expect(refusal(() => maxPool(x, {} as never))).toMatchInlineSnapshot(`
    "OptionError E803 maxPool: size is undefined.
      fix: give a whole number from 1, or a list of 1."
  `);
});
