import { backward } from "@tenon/autograd";
import { evaluateTensors } from "@tenon/interpreter";
import { expect, test } from "vitest";
import { all, any, applyOp, constant, type DType, input, max, min, prod, reduceOp, spec, sum } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated } from "./evaluated.test-kit.ts";

const x = constant([1, 5, 3, 4, 2, 6], [2, 3]);

test("a reduction goes along one axis, several, or all", () => {
  expect(evaluated(sum(x))).toEqual([21]);
  expect(evaluated(sum(x, { axis: 0 }))).toEqual([5, 7, 9]);
  expect(evaluated(max(x, { axis: -1 }))).toEqual([5, 6]);
  expect(evaluated(min(x, { axis: [0, 1] }))).toEqual([1]);
  expect(evaluated(prod(x, { axis: 1 }))).toEqual([15, 48]);
  expect(evaluated(sum(x, { axis: [] }))).toEqual([1, 5, 3, 4, 2, 6]);
});

test("kept axes have size 1", () => {
  expect(sum(x, { axis: 0, keepDims: true }).shape).toEqual([1, 3]);
  expect(sum(x, { keepDims: true }).shape).toEqual([1, 1]);
  expect(
    input(spec(["B", 3]))
      .sum({ axis: -1, keepDims: true })
      .shape.join(),
  ).toBe("B,1");
});

test("nothing adds up to 0 and multiplies to 1, and has no extreme", () => {
  const empty = constant([], [2, 0]);
  expect(evaluated(sum(empty, { axis: 1 }))).toEqual([0, 0]);
  expect(evaluated(prod(empty))).toEqual([1]);
  expect([evaluated(any(empty)), evaluated(all(empty))]).toEqual([[0], [1]]);
  expect(evaluated(max(constant([], [0, 2]), { axis: 1 }))).toEqual([]);
  expect(refusal(() => max(empty, { axis: 1 }))).toMatchInlineSnapshot(`
    "ShapeError E208 max: axis 1 has size 0, and nothing has no largest element.
      x: float32 [2, 0]"
  `);
});

test("the op itself gives the least value of the dtype for the maximum of nothing", () => {
  const least = (dtype: DType): number[] => evaluated(applyOp(reduceOp, [constant([], [0], dtype)], { op: "max" })[0]!);
  expect([least("float32"), least("int8"), least("uint32")]).toEqual([[-Infinity], [-128], [0]]);
});

test("NaN wins in max and min", () => {
  expect(evaluated(max(constant([1, NaN, 3])))).toEqual([NaN]);
  expect(evaluated(min(constant([1, NaN, 3])))).toEqual([NaN]);
});

test("bool and small integers are added up in 32 bits, and larger ones wrap", () => {
  const typeOf = (dtype: DType): string => sum(input(spec([3], dtype))).dtype;
  expect((["bool", "int8", "uint8", "uint16", "int32", "float16"] as const).map(typeOf)).toEqual([
    "int32",
    "int32",
    "uint32",
    "uint32",
    "int32",
    "float16",
  ]);
  expect(evaluated(sum(constant([100, 100], [2], "int8")))).toEqual([200]);
  expect(evaluated(sum(constant([2147483647, 1], [2], "int32")))).toEqual([-2147483648]);
  expect(evaluated(prod(constant([65537, 65537], [2], "int32")))).toEqual([131073]);
  expect(evaluated(applyOp(reduceOp, [constant([100, 100], [2], "int8")], { op: "sum" })[0]!)).toEqual([-56]);
});

test("any and all ask which elements differ from 0, and extremes of bool are bool", () => {
  const flags = constant([0, 2, 0, 0], [2, 2]);
  expect(evaluated(any(flags, { axis: 1 }))).toEqual([1, 0]);
  expect(evaluated(all(constant([1, 1, 1, 0], [2, 2], "bool"), { axis: 1 }))).toEqual([1, 0]);
  expect(max(input(spec([2], "bool"))).dtype).toBe("bool");
});

test("and, or of integers are bitwise", () => {
  const ints = constant([12, 10], [2], "uint8");
  const of = (op: string): number[] => evaluated(applyOp(reduceOp, [ints], { op })[0]!);
  expect([of("and"), of("or")]).toEqual([[8], [14]]);
});

test("16-bit floats are accumulated in float32 unless another dtype is named", () => {
  const y = sum(input(spec([4], "float16")));
  expect([y.dtype, y.attrs.acc]).toEqual(["float16", "float32"]);
  expect(refusal(() => applyOp(reduceOp, [input(spec([4]))], { op: "sum", acc: "float16" }))).toMatchInlineSnapshot(`
    "DTypeError E201 reduce: float32 cannot be accumulated in float16.
      x: float32 [4]
      fix: use float32."
  `);
});

test("an axis outside the tensor, a wrong dtype and a wrong option are refused", () => {
  expect(refusal(() => sum(x, { axis: 2 }))).toMatchInlineSnapshot(`
    "ShapeError E205 sum: axis 2 is outside rank 2.
      x: float32 [2, 3]
      fix: use an axis from -2 to 1."
  `);
  expect(refusal(() => sum(x, { axis: [0, -2] }))).toMatchInlineSnapshot(`
    "ShapeError E205 sum: an axis is listed twice in [0, -2].
      x: float32 [2, 3]"
  `);
  expect(refusal(() => sum(constant(1), { axis: 0 }))).toMatchInlineSnapshot(`
    "ShapeError E205 sum: axis 0 is outside rank 0.
      x: float32 []
      fix: a tensor of rank 0 has no axes."
  `);
  expect(refusal(() => applyOp(reduceOp, [x], { op: "and" }))).toMatchInlineSnapshot(`
    "DTypeError E201 reduce: x is float32 where bool or an integer type is wanted for and.
      x: float32 [2, 3]"
  `);
  expect(refusal(() => applyOp(reduceOp, [x], { op: "mean" }))).toMatchInlineSnapshot(`
    "OptionError E803 reduce: op is "mean", which is not one of sum, prod, max, min, and, or.
      x: float32 [2, 3]"
  `);
  expect(refusal(() => sum(x, { axes: 0 } as never))).toMatchInlineSnapshot(`
    "OptionError E801 sum: unknown option axes.
      fix: did you mean axis?"
  `);
});

test("the gradient of a product along a symbolic axis is that along a fixed one", () => {
  const data = { dtype: "float32", shape: [3, 2], data: Float64Array.of(2, 0, 3, 5, 4, 7) } as const;
  const gradients = [input(spec([3, 2])), input(spec(["B", 2]))].map((t) => {
    const y = prod(t, { axis: 0 });
    const [dx] = backward([y], [t], [constant(1, [2])]).gradients;
    return [...evaluateTensors([dx!], new Map([[t, data]]))[0]!.data];
  });
  expect(gradients).toEqual([
    [12, 35, 8, 0, 6, 0],
    [12, 35, 8, 0, 6, 0],
  ]);
});
