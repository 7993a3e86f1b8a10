import { expect, test } from "vitest";
import {
  applyOp,
  broadcastOp,
  broadcastTo,
  constant,
  input,
  iota,
  moveAxis,
  reverse,
  spec,
  swapAxes,
  transpose,
} from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated } from "./evaluated.test-kit.ts";

const x = iota([2, 3], 0, "float32")
  .mul(10)
  .add(iota([2, 3], 1)); // 0 1 2, 10 11 12

test("transpose reverses the axes or takes them in the order given", () => {
  expect(evaluated(transpose(x))).toEqual([0, 10, 1, 11, 2, 12]);
  expect(transpose(input(spec([2, 3, 4])), [1, -1, 0]).shape).toEqual([3, 4, 2]);
  expect(transpose(x, [0, 1])).toBe(x);
});

test("swapAxes and moveAxis order axes as NumPy's do", () => {
  const t = input(spec([2, 3, 4, 5]));
  expect(swapAxes(t, 0, -1).shape).toEqual([5, 3, 4, 2]);
  expect(moveAxis(t, 0, -1).shape).toEqual([3, 4, 5, 2]);
  expect(moveAxis(t, 3, 1).shape).toEqual([2, 5, 3, 4]);
});

test("reverse turns the named axes around, or all", () => {
  expect(evaluated(reverse(x, { axis: 1 }))).toEqual([2, 1, 0, 12, 11, 10]);
  expect(evaluated(reverse(x))).toEqual([12, 11, 10, 2, 1, 0]);
  expect(evaluated(reverse(x, { axis: [] }))).toEqual([0, 1, 2, 10, 11, 12]);
});

test("broadcastTo repeats along new leading axes and axes of size 1", () => {
  expect(evaluated(broadcastTo(constant([1, 2], [2, 1]), [2, 2, 2]))).toEqual([1, 1, 2, 2, 1, 1, 2, 2]);
  expect(broadcastTo(x, [2, 3])).toBe(x);
});

test("a broadcast keeps the order of axes and their sizes", () => {
  const of = (dims: number[], shape: number[]) => () => applyOp(broadcastOp, [input(spec([2, 3]))], { shape, dims });
  expect(refusal(of([1, 0], [3, 2]))).toMatchInlineSnapshot(`
    "ShapeError E205 broadcast: dims [1, 0] are not rising axes of a shape of rank 2.
      x: float32 [2, 3]"
  `);
  expect(refusal(of([0], [2, 3]))).toMatchInlineSnapshot(`
    "ShapeError E206 broadcast: dims has 1 axes but x has rank 2.
      x: float32 [2, 3]"
  `);
  expect(refusal(of([0, 1], [2, 4]))).toMatchInlineSnapshot(`
    "ShapeError E203 broadcast: axis 1 of size 3 cannot become size 4.
      x: float32 [2, 3]"
  `);
});

test("an order lists every axis once", () => {
  expect(refusal(() => transpose(input(spec([2, 3])), [0, 0]))).toMatchInlineSnapshot(`
    "ShapeError E205 transpose: [0, 0] is no order of 2 axes.
      x: float32 [2, 3]
      fix: list every axis once."
  `);
  expect(refusal(() => transpose(input(spec([2, 3])), [0, 2]))).toMatchInlineSnapshot(`
    "ShapeError E205 transpose: axis 2 is outside rank 2.
      x: float32 [2, 3]
      fix: use an axis from -2 to 1."
  `);
  expect(refusal(() => reverse(input(spec([2, 3])), { axis: [1, -1] }))).toMatchInlineSnapshot(`
    "ShapeError E205 reverse: an axis is listed twice in [1, -1].
      x: float32 [2, 3]"
  `);
});
