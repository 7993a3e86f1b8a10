import { applyOp, Fn, input, scatterOp, spec } from "@tenon/ir";
import { expect, test } from "vitest";
import { evaluateProgram } from "../kernel/evaluate-program.test-kit.ts";
import { programOf } from "./lower.test-kit.ts";

test("4000 ones add up in float16, where 2048 and 1 make 2048", () => {
  const [x, indices, updates] = [
    input(spec([2], "float16")),
    input(spec([4000], "int32")),
    input(spec([4000], "float16")),
  ];
  const sums = applyOp(scatterOp, [x, indices, updates], { axis: 0 });
  const args = [x, indices, updates].map(({ dtype, shape }) => {
    const sizes = shape as readonly number[];
    return { dtype, shape: sizes, data: new Float64Array(sizes[0]!).fill(dtype === "int32" ? 0 : 1) };
  });
  const [result] = evaluateProgram(programOf(new Fn("main", [x, indices, updates], sums), {}), args);
  expect([...result!.data]).toEqual([4000, 1]); // 4001 lies half-way between 4000 and 4002
});
