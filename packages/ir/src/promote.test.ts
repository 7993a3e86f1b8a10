// What design.md 4 says of broadcasting and promotion, sentence by sentence.
import { evaluateTensors } from "@tenon/interpreter";
import { expect, test } from "vitest";
import { type DimExpr, dimSymbol } from "./dim.ts";
import { type DType, dtypeNames, dtypes } from "./dtype.ts";
import {
  add,
  and,
  constant,
  div,
  equal,
  exp,
  input,
  intDiv,
  max,
  maximum,
  minimum,
  mul,
  pow,
  select,
  spec,
  type Tensor,
} from "./index.ts";
import { refusal } from "./refusal.test-kit.ts";

const of = (dtype: DType, ...shape: (number | DimExpr)[]): Tensor => input({ dtype, shape });
const valuesOf = (x: Tensor): number[] => [...evaluateTensors([x])[0]!.data];
const typeOf = (x: Tensor): string => `${x.dtype} [${x.shape.join(", ")}]`;

test("broadcasting is as in NumPy: sizes meet from the last axis, and 1 stretches", () => {
  expect(typeOf(add(of("float32", 8, 1, 6), of("float32", 7, 1)))).toBe("float32 [8, 7, 6]");
  expect(typeOf(add(of("float32", 3), of("float32")))).toBe("float32 [3]");
  expect(typeOf(add(of("float32", 0, 3), of("float32", 1, 1)))).toBe("float32 [0, 3]");
  expect(valuesOf(add(constant([1, 2], [2, 1]), constant([10, 20, 30])))).toEqual([11, 21, 31, 12, 22, 32]);
});

test("a symbolic size meets itself and 1", () => {
  const B = dimSymbol("B");
  expect(typeOf(add(of("float32", B, 3), of("float32", 1, 3)))).toBe("float32 [B, 3]");
  expect(typeOf(add(of("float32", B, 3), of("float32", B, 1)))).toBe("float32 [B, 3]");
  expect(refusal(() => add(of("float32", B), of("float32", 4)))).toMatchInlineSnapshot(`
    "ShapeError E203 add: shapes [B] and [4] do not broadcast.
      x: float32 [B]
      y: float32 [4]
      fix: sizes are compared from the last axis and must be equal or 1; reshape one operand."
  `);
});

test("broadcasting and promotion are nodes: the op itself gets operands of one type", () => {
  const y = add(of("float32", 2, 3), of("float16", 3));
  expect(y.inputs.map(typeOf)).toEqual(["float32 [2, 3]", "float32 [2, 3]"]);
  expect(y.inputs[1]!.op.name).toBe("broadcast");
  expect(y.inputs[1]!.inputs[0]!.op.name).toBe("convert");
});

test("operands that fit are used as they are", () => {
  const [x, y] = [of("float32", 2), of("float32", 2)];
  expect(add(x, y).inputs).toEqual([x, y]);
});

test("shapes that do not broadcast are refused with both", () => {
  expect(refusal(() => add(of("float32", 2, 3), of("float32", 2)))).toMatchInlineSnapshot(`
    "ShapeError E203 add: shapes [2, 3] and [2] do not broadcast.
      x: float32 [2, 3]
      y: float32 [2]
      fix: sizes are compared from the last axis and must be equal or 1; reshape one operand."
  `);
});

test("a JavaScript number takes the tensor's dtype", () => {
  for (const dtype of dtypeNames) {
    if (dtype !== "bool") expect(add(of(dtype, 2), 2).dtype).toBe(dtype);
    if (dtypes[dtype].kind === "float") expect(mul(of(dtype, 2), 0.5).dtype).toBe(dtype);
  }
  expect(valuesOf(add(constant([1], [1], "float16"), 0.1))).toEqual([1 + 0.0999755859375]);
});

test("a fractional number turns integers into float32", () => {
  expect(add(of("int32", 2), 0.5).dtype).toBe("float32");
  expect(mul(0.5, of("uint8", 2)).dtype).toBe("float32");
  expect(add(of("bool", 2), 0.5).dtype).toBe("float32");
  expect(valuesOf(mul(constant([3], [1], "int32"), 0.5))).toEqual([1.5]);
});

test("a float-only op turns integers into float32", () => {
  expect(exp(of("int32", 2)).dtype).toBe("float32");
  expect(exp(of("bool", 2)).dtype).toBe("float32");
  expect(pow(of("int32", 2), 2).dtype).toBe("float32");
  expect(pow(0.9, of("int32")).dtype).toBe("float32");
  expect(exp(of("bfloat16", 2)).dtype).toBe("bfloat16");
});

test("bool with a whole number gives int32, and with a bool stays", () => {
  expect(add(of("bool", 2), 1).dtype).toBe("int32");
  expect(and(of("bool", 2), true).dtype).toBe("bool");
  expect(select(of("bool", 2), of("bool", 2), false).dtype).toBe("bool");
});

test("numbers alone are float32", () => {
  expect(typeOf(add(1, 2))).toBe("float32 []");
  expect(typeOf(select(of("bool", 2), 1, 0))).toBe("float32 [2]");
});

test("an integer with a float gives the float", () => {
  for (const float of ["float16", "bfloat16", "float32", "float64"] as const) {
    for (const other of dtypeNames.filter((d) => dtypes[d].kind !== "float")) {
      expect(add(of(float, 2), of(other, 2)).dtype).toBe(float);
      expect(add(of(other, 2), of(float, 2)).dtype).toBe(float);
    }
  }
});

test("float16 with bfloat16 gives float32, and otherwise the wider float wins", () => {
  expect(add(of("float16"), of("bfloat16")).dtype).toBe("float32");
  expect(add(of("float16"), of("float32")).dtype).toBe("float32");
  expect(add(of("bfloat16"), of("float64")).dtype).toBe("float64");
});

test("integers meet in the narrowest type that holds both", () => {
  const common = (a: DType, b: DType): DType => add(of(a), of(b)).dtype;
  expect(common("int8", "int32")).toBe("int32");
  expect(common("uint8", "uint32")).toBe("uint32");
  expect(common("int8", "uint8")).toBe("int16");
  expect(common("uint16", "int8")).toBe("int32");
  expect(common("int32", "uint8")).toBe("int32");
  expect(common("int64", "uint32")).toBe("int64");
});

test("int32 with uint32 is an error", () => {
  expect(refusal(() => add(of("int32", 3), of("uint32", 3)))).toMatchInlineSnapshot(`
    "DTypeError E201 add: int32 and uint32 have no common integer type.
      x: int32 [3]
      y: uint32 [3]
      fix: cast one of them, for example x.cast("int32")."
  `);
  expect(refusal(() => select(of("bool", 3), of("int32", 3), of("uint32", 3)))).toMatchInlineSnapshot(`
    "DTypeError E201 select: int32 and uint32 have no common integer type.
      condition: bool [3]
      x: int32 [3]
      y: uint32 [3]
      fix: cast one of them, for example x.cast("int32")."
  `);
});

test("a number that the tensor's dtype cannot hold is refused", () => {
  expect(refusal(() => add(of("uint8", 2), -1))).toMatchInlineSnapshot(`
    "DTypeError E201 add: -1 is not representable in uint8.
      fix: use a whole number from 0 to 255, or cast the tensor."
  `);
  expect(refusal(() => add(of("int32", 2), 3e9))).toMatchInlineSnapshot(`
    "DTypeError E201 add: 3000000000 is not representable in int32.
      fix: use a whole number from -2147483648 to 2147483647, or cast the tensor."
  `);
});

test("what is no tensor and no number is refused", () => {
  for (const x of ["1", [1], null, undefined, {}]) expect(() => add(of("float32"), x as never)).toThrowError("E201");
  expect(refusal(() => add(of("float32"), "1" as never))).toMatchInlineSnapshot(`
    "DTypeError E201 add: "1" is no tensor and no number.
      fix: give a tensor; tensor(…) makes one of numbers."
  `);
});

test("an unknown option is refused with the nearest known one", () => {
  expect(refusal(() => max(of("float32", 2), { keepdims: true } as never))).toMatchInlineSnapshot(`
    "OptionError E801 max: unknown option keepdims.
      fix: did you mean keepDims?"
  `);
  expect(refusal(() => exp(of("float32", 2), { axis: 0 } as never))).toMatchInlineSnapshot(`
    "OptionError E801 exp: unknown option axis.
      fix: exp takes no options."
  `);
});

test("div of integers gives float32, and intDiv truncates", () => {
  const [x, y] = [constant([7, -7, 1], [3], "int32"), constant([2, 2, 0], [3], "int32")];
  expect(typeOf(div(x, y))).toBe("float32 [3]");
  expect(valuesOf(div(x, y))).toEqual([3.5, -3.5, Infinity]);
  expect(typeOf(intDiv(x, y))).toBe("int32 [3]");
  expect(valuesOf(intDiv(x, y)).slice(0, 2)).toEqual([3, -3]);
  expect(intDiv(of("uint8", 2), 2).dtype).toBe("uint8");
  expect(refusal(() => intDiv(of("float32", 2), 2))).toMatchInlineSnapshot(`
    "DTypeError E201 intDiv: an integer type is wanted.
      x: float32 [2]
      y: 2
      fix: use div, or cast to an integer type."
  `);
});

test("maximum and minimum propagate NaN", () => {
  const [x, y] = [constant([NaN, 1, 2]), constant([1, NaN, 3])];
  expect(valuesOf(maximum(x, y))).toEqual([NaN, NaN, 3]);
  expect(valuesOf(minimum(x, y))).toEqual([NaN, NaN, 2]);
});

test("maximum and minimum take two operands, max and min reduce", () => {
  expect(typeOf(maximum(of("float32", 2, 3), 0))).toBe("float32 [2, 3]");
  expect(typeOf(max(of("float32", 2, 3)))).toBe("float32 []");
});

test("a symbolic size is a number in the graph, in the dtype of the tensor it meets", () => {
  const x = input(spec(["B", 3]));
  const mean = div(x.sum(), x.shape[0]!);
  expect(mean.inputs[1]!.op.name).toBe("dim");
  expect(mean.dtype).toBe("float32");
  expect(add(of("int32"), x.shape[0]!).dtype).toBe("int32");
  expect(add(of("bool"), x.shape[0]!).dtype).toBe("int32");
  expect(exp(x.shape[0]!).dtype).toBe("float32");
  expect(equal(x.shape[0]!, 3).inputs[0]!.dtype).toBe("int32");
  const bound = { dtype: "float32", shape: [4, 3], data: new Float64Array(12).fill(2) } as const;
  expect([...evaluateTensors([mean], new Map([[x, bound]]))[0]!.data]).toEqual([6]);
});
