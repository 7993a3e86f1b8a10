import { expect, test } from "vitest";
import { constant, input, iota, matmul, type Shape, spec, withScope } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated } from "./evaluated.test-kit.ts";

const of = (...shape: (number | string)[]) => input(spec(shape));
const shapeOf = (a: (number | string)[], b: (number | string)[]): string => {
  const { shape }: { shape: Shape } = matmul(of(...a), of(...b));
  return `[${shape.join(", ")}]`;
};

test("shapes are those of NumPy's matmul", () => {
  expect(shapeOf([3, 4], [4, 2])).toBe("[3, 2]");
  expect(shapeOf([4], [4])).toBe("[]");
  expect(shapeOf([4], [4, 2])).toBe("[2]");
  expect(shapeOf([3, 4], [4])).toBe("[3]");
  expect(shapeOf([5, 3, 4], [4])).toBe("[5, 3]");
  expect(shapeOf([4], [5, 4, 2])).toBe("[5, 2]");
  expect(shapeOf([6, 3, 4], [4, 2])).toBe("[6, 3, 2]");
  expect(shapeOf([3, 4], [6, 5, 4, 2])).toBe("[6, 5, 3, 2]");
  expect(shapeOf([6, 1, 3, 4], [5, 4, 2])).toBe("[6, 5, 3, 2]");
  expect(shapeOf(["B", 12, 3, 4], ["B", 12, 4, 2])).toBe("[B, 12, 3, 2]");
});

test("values are those of the definition", () => {
  const a = iota([2, 2, 3], 2, "float32").add(iota([2, 2, 3], 0).mul(10)); // rows 0 1 2, then 10 11 12
  const b = constant([1, 0, 0, 1, 1, 1], [3, 2]);
  expect(evaluated(matmul(a, b))).toEqual([2, 3, 2, 3, 22, 23, 22, 23]);
  expect(evaluated(matmul(constant([1, 2, 3]), b))).toEqual([4, 5]);
  expect(evaluated(matmul(b, constant([1, 2])))).toEqual([1, 2, 3]);
});

test("operands meet in one dtype", () => {
  expect(matmul(input(spec([2, 2], "float16")), of(2, 2)).dtype).toBe("float32");
});

test("a wrong inner size is answered with both sizes, the signature, the layer and what to do", () => {
  const weight = input(spec([128, 10]));
  const call = () => withScope("encoder", () => withScope("dense1", () => matmul(of(32, 784), weight)));
  let text = "";
  try {
    call();
  } catch (error) {
    text = String(error).replace(/matmul\.test\.ts:\d+/, "model.ts:40");
  }
  expect(text).toBe(`ShapeError E204 matmul: k is 784 in a but 128 in b, in (m,k),(k,n)->(m,n).
  a: float32 [32, 784]
  b: float32 [128, 10]
  at: encoder.dense1 (model.ts:40)
  fix: give dense1 784 input features, or reshape its input.`);
});

test("without a layer the answer says to reshape", () => {
  expect(refusal(() => matmul(of("B", 3), of(4)))).toMatchInlineSnapshot(`
    "ShapeError E204 matmul: k is 3 in a but 4 in b, in (m,k),(k)->(m).
      a: float32 [B, 3]
      b: float32 [4]
      fix: reshape or transpose one of them."
  `);
});

test("leading axes must broadcast, and operands have at least one axis", () => {
  expect(refusal(() => matmul(of(5, 2, 3), of(4, 3, 2)))).toMatchInlineSnapshot(`
    "ShapeError E203 matmul: leading axes do not broadcast, in (m,k),(k,n)->(m,n).
      a: float32 [5, 2, 3]
      b: float32 [4, 3, 2]
      fix: reshape or transpose one of them."
  `);
  expect(refusal(() => matmul(of(), of(3)))).toMatchInlineSnapshot(`
    "ShapeError E206 matmul: a has rank 0, below 2, in (m,k),(k)->(m).
      a: float32 []
      b: float32 [3]
      fix: reshape or transpose one of them."
  `);
  expect(refusal(() => matmul(of(2, 2), of(2, 2), { precision: "tf32" } as never))).toMatchInlineSnapshot(`
    "OptionError E801 matmul: unknown option precision.
      fix: the options are acc, mul."
  `);
});
