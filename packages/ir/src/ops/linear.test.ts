import { expect, test } from "vitest";
import { constant, input, linear, spec, withPrecision } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated } from "./evaluated.test-kit.ts";

const w = constant([1, 2, 3, 4, 5, 6], [3, 2]);

test("linear maps the last axis, adds the bias and applies the activation", () => {
  const x = constant([1, 0, -1, 0, 1, 0], [2, 3]);
  expect(evaluated(linear(x, w))).toEqual([-4, -4, 3, 4]);
  expect(evaluated(linear(x, w, { bias: constant([5, 0]), act: "relu" }))).toEqual([1, 0, 8, 4]);
  expect(linear(input(spec(["B", 7, 3])), w).shape.map(String)).toEqual(["B", "7", "2"]);
});

test("operands meet in their common dtype, and the precision of products is recorded", () => {
  expect(linear(constant(1, [3], "float16"), w).dtype).toBe("float32");
  expect(withPrecision("bf16", () => linear(constant(1, [3]), w)).attrs.mul).toBe("bf16");
});

test("sizes that disagree are named", () => {
  expect(refusal(() => linear(constant(1, [2, 4]), w))).toMatchInlineSnapshot(`
    "ShapeError E204 nn.linear: in is 4 in x but 3 in w, in (in),(in,out)->(out).
      x: float32 [2, 4]
      w: float32 [3, 2]"
  `);
  expect(refusal(() => linear(constant(1, [2, 3]), w, { bias: constant(1, [3]) }))).toMatchInlineSnapshot(`
    "ShapeError E204 nn.linear: out is 2 in w but 3 in bias, in (in),(in,out),(out)->(out).
      x: float32 [2, 3]
      w: float32 [3, 2]
      bias[0]: float32 [3]"
  `);
  expect(refusal(() => linear(constant(1, [2, 3]), w, { act: "rleu" } as never))).toMatchInlineSnapshot(`
    "OptionError E803 nn.linear: act is "rleu", which is not one of none, relu, sigmoid, tanh, silu, gelu, gelu_tanh, softplus.
      x: float32 [2, 3]"
  `);
});
