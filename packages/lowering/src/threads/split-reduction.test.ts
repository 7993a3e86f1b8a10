import { Draw, expectedResults, problemsOf } from "@tenon/conformance";
import { evaluateTensors } from "@tenon/interpreter";
import { type DType, Fn, input, max, type Shape, spec, sum, type Tensor } from "@tenon/ir";
import { expect, test } from "vitest";
import { evaluateProgram } from "../kernel/evaluate-program.test-kit.ts";
import { programOf } from "../lower/lower.test-kit.ts";
import { splitReduction } from "./split-reduction.ts";

type Body = (x: Tensor) => Tensor;

const cases: readonly (readonly [shape: readonly number[], dtype: DType, body: Body, kernels: number])[] = [
  [[20_480], "float32", (x) => sum(x), 2],
  [[3, 20_000], "float32", (x) => sum(x, { axis: 1 }), 2],
  [[3, 20_000], "float32", (x) => sum(x.mul(x), { axis: 1 }), 1],
  [[100, 200], "float32", (x) => sum(x.mul(x)), 2],
  [[30, 40, 50], "float16", (x) => sum(x), 2],
  [[8, 16, 32, 5], "float32", (x) => sum(x, { axis: [0, 1, 2] }), 2],
  [[8, 16, 32, 5], "int8", (x) => sum(x, { axis: [0, 1, 2] }), 2],
  [[2500, 3], "float32", (x) => max(x, { axis: 0 }), 2],
  [[20_011], "float32", (x) => sum(x), 1], // a prime
  [[64, 300], "float32", (x) => sum(x, { axis: 1 }), 1],
  [[100, 70], "float32", (x) => sum(x, { axis: 0 }), 1],
];

test.each(cases)("a reduction of %j of %s is that of the interpreter", (shape, dtype, body, kernels) => {
  const x = input(spec(shape as Shape, dtype));
  const fn = new Fn("main", [x], [body(x)]);
  const args = [new Draw(1, "x").elements({ dtype, shape })];
  const program = programOf(fn, { settle: splitReduction });
  expect(program.kernels).toHaveLength(kernels);
  const expected = expectedResults(fn.results, new Map([[x, args[0]!]]), evaluateTensors, "ieee");
  expect(problemsOf(expected, evaluateProgram(program, args))).toEqual([]);
});

test("an axis with a name is left whole", () => {
  const x = input(spec(["B", 28, 28, 6]));
  const y = sum(x.mul(x), { axis: [0, 1, 2] });
  const program = programOf(new Fn("main", [x], [y]), { settle: splitReduction });
  expect(program.buffers.map(({ shape }) => shape.join())).toContain("B,6");
});
