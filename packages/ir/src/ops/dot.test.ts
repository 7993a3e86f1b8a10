import { expect, test } from "vitest";
import { applyOp, constant, dot, dotOp, input, iota, type Shape, spec, tensordot, withPrecision } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated } from "./evaluated.test-kit.ts";

const of = (...shape: (number | string)[]) => input(spec(shape));
const shapeOf = ({ shape }: { shape: Shape }): string => shape.join(", ");

test("the result has the batch axes, then the free ones of a, then those of b", () => {
  expect(
    shapeOf(
      dot(of(5, 2, 3, 4), of(4, 6, 5, 3), {
        contract: [
          [2, 3],
          [3, 0],
        ],
        batch: [[0], [2]],
      }),
    ),
  ).toBe("5, 2, 6");
  expect(shapeOf(dot(of("B", 784), of(784, 10), { contract: [[1], [0]] }))).toBe("B, 10");
  expect(shapeOf(dot(of(2, 3), of(4), { contract: [[], []] }))).toBe("2, 3, 4");
});

test("products are summed over the contracted axes", () => {
  const [a, b] = [constant([1, 2, 3, 4], [2, 2]), constant([5, 6, 7, 8], [2, 2])];
  expect(evaluated(dot(a, b, { contract: [[1], [0]] }))).toEqual([19, 22, 43, 50]);
  expect(
    evaluated(
      dot(a, b, {
        contract: [
          [0, 1],
          [0, 1],
        ],
      }),
    ),
  ).toEqual([70]);
  expect(evaluated(dot(a, b, { contract: [[1], [1]], batch: [[0], [0]] }))).toEqual([17, 53]);
  expect(evaluated(dot(constant([], [2, 0]), constant([], [0, 2]), { contract: [[1], [0]] }))).toEqual([0, 0, 0, 0]);
});

test("products of integers wrap", () => {
  const x = constant([65536, 1], [2], "int32");
  expect(evaluated(dot(x, x, { contract: [[0], [0]] }))).toEqual([1]);
  expect(
    evaluated(dot(constant([100, 100], [2], "int8"), constant([2, 2], [2], "int8"), { contract: [[0], [0]] })),
  ).toEqual([-112]);
});

test("tensordot contracts the last axes of a with the first of b, or the lists given", () => {
  const [a, b] = [iota([2, 3], 1, "float32"), iota([3, 4], 0, "float32")];
  expect(evaluated(tensordot(a, b, 1))).toEqual([5, 5, 5, 5, 5, 5, 5, 5]);
  expect(
    shapeOf(
      tensordot(of(2, 3, 4), of(4, 3, 5), [
        [-1, 1],
        [0, 1],
      ]),
    ),
  ).toBe("2, 5");
  expect(shapeOf(tensordot(of(2), of(3), 0))).toBe("2, 3");
});

test("sums are accumulated in float32 for the 16-bit floats, and factors are as given", () => {
  const half = input(spec([2, 2], "float16"));
  expect(dot(half, half, { contract: [[1], [0]] }).attrs).toMatchObject({ acc: "float32", mul: "same" });
});

test("inside withPrecision products of float32 take that precision", () => {
  const [x, half] = [of(2, 2), input(spec([2, 2], "float16"))];
  withPrecision("tf32", () => {
    expect(x.matmul(x).attrs.mul).toBe("tf32");
    expect(half.matmul(half).attrs.mul).toBe("same");
    expect(x.matmul(x, { mul: "bf16" }).attrs.mul).toBe("bf16");
  });
  expect(x.matmul(x).attrs.mul).toBe("same");
});

test("contracted and batch axes have equal sizes and are different", () => {
  const refused = (attrs: object) => refusal(() => applyOp(dotOp, [of(2, 3), of(3, 4)], attrs));
  expect(refused({ contract: [[0], [0]] })).toMatchInlineSnapshot(`
    "ShapeError E204 dot: contract axes differ: axis 0 of a is 2 but axis 0 of b is 3.
      a: float32 [2, 3]
      b: float32 [3, 4]"
  `);
  expect(refused({ contract: [[1], [0]], batch: [[0], [1]] })).toMatchInlineSnapshot(`
    "ShapeError E204 dot: batch axes differ: axis 0 of a is 2 but axis 1 of b is 4.
      a: float32 [2, 3]
      b: float32 [3, 4]"
  `);
  expect(
    refused({
      contract: [
        [1, 1],
        [0, 0],
      ],
    }),
  ).toMatchInlineSnapshot(`
    "ShapeError E205 dot: [1, 1] are not different axes of a, which has rank 2.
      a: float32 [2, 3]
      b: float32 [3, 4]"
  `);
  expect(refused({ contract: [[2], [0]] })).toMatchInlineSnapshot(`
    "ShapeError E205 dot: [2] are not different axes of a, which has rank 2.
      a: float32 [2, 3]
      b: float32 [3, 4]"
  `);
  expect(refused({ contract: [[1], []] })).toMatchInlineSnapshot(`
    "OptionError E803 dot: contract is [[1], []], which is not two lists of axes, one per operand, of equal length.
      x: float32 [2, 3]"
  `);
  expect(refused({ contract: [[1], [0]], mul: "fast" })).toMatchInlineSnapshot(`
    "OptionError E803 dot: mul is "fast", which is not one of same, tf32, bf16.
      x: float32 [2, 3]"
  `);
});

test("bool has no products, and a precision is one of float32", () => {
  const flags = input(spec([2], "bool"));
  expect(refusal(() => dot(flags, flags, { contract: [[0], [0]] }))).toMatchInlineSnapshot(`
    "DTypeError E201 dot: bool cannot be multiplied.
      a: bool [2]
      b: bool [2]
      fix: convert to a number type."
  `);
  const wide = input(spec([2], "float64"));
  expect(refusal(() => dot(wide, wide, { contract: [[0], [0]], mul: "tf32" }))).toMatchInlineSnapshot(`
    "DTypeError E201 dot: mul tf32 is a precision of float32, not of float64.
      a: float64 [2]
      b: float64 [2]"
  `);
});
