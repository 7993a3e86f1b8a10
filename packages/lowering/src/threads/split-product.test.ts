import { grad } from "@tenon/autograd";
import { Draw, expectedResults, problemsOf } from "@tenon/conformance";
import { evaluateTensors } from "@tenon/interpreter";
import { conv, type DType, dimSymbol, einsum, Fn, input, type Shape, spec, type Tensor, windows } from "@tenon/ir";
import { expect, test } from "vitest";
import { evaluateProgram } from "../kernel/evaluate-program.test-kit.ts";
import type { DotKernel } from "../kernel/kernel.ts";
import type { StepProgram } from "../kernel/program.ts";
import { programOf } from "../lower/lower.test-kit.ts";
import { splitProduct } from "./split-product.ts";

const split = (fn: Fn): StepProgram => programOf(fn, { settle: splitProduct, templates: new Set(["dot"]) });

/** Of each product the number of matrices of its batch, that of parts included. */
const batchesOf = ({ kernels }: StepProgram): readonly (number | undefined)[] =>
  kernels
    .filter((kernel): kernel is DotKernel => kernel.kind === "dot")
    .map(({ sizes }) => (sizes.batch.kind === "constant" ? sizes.batch.value : undefined));

/** What a program gives beside what the function means, for arguments of these shapes. */
function problems(fn: Fn, program: StepProgram, shapes: readonly (readonly number[])[]): readonly string[] {
  const args = fn.inputs.map(({ dtype }, i) => new Draw(i, "factors").elements({ dtype, shape: shapes[i]! }));
  const given = new Map(fn.inputs.map((t, i) => [t, args[i]!]));
  return problemsOf(expectedResults(fn.results, given, evaluateTensors, "ieee"), evaluateProgram(program, args));
}

/** With the number of matrices of the batch, times parts. */
type Case = readonly [equation: string, a: readonly number[], b: readonly number[], dtype: DType, count: number];

const cases: readonly Case[] = [
  ["ki,kj->ij", [2048, 5], [2048, 3], "float32", 4],
  ["ki,kj->ij", [2048, 5], [2048, 3], "float64", 4],
  ["ki,kj->ij", [2048, 5], [2048, 3], "float16", 4],
  ["ki,kj->ij", [2048, 5], [2048, 3], "bfloat16", 4],
  ["ki,kj->ij", [2048, 5], [2048, 3], "int32", 1],
  ["ki,kj->ij", [1023, 5], [1023, 3], "float32", 1], // too few terms
  ["ki,kj->ij", [2053, 2], [2053, 3], "float32", 1], // a prime
  ["ik,kj->ij", [1, 3600], [3600, 4], "float32", 8],
  ["bsi,sjb->ij", [8, 300, 3], [300, 2, 8], "float32", 4],
  ["bsi,bs->i", [3, 700, 2], [3, 700], "float32", 3], // one axis as a whole
  ["nbsi,bsn->ni", [2, 7, 300, 2], [7, 300, 2], "float32", 14], // of a batch of two
  ["hiwpqrst,pqrsj->hiwtj", [2, 1, 1, 9, 11, 11, 2, 2], [9, 11, 11, 2, 3], "float32", 2], // shapes without room for more axes
  ["k,k->", [2048], [2048], "float32", 4],
  ["ki,kj->ij", [0, 5], [0, 3], "float32", 1],
  ["ki,kj->ij", [2048, 0], [2048, 3], "float32", 1],
  ["k,k->", [65_536], [65_536], "float64", 128], // parts are split again
];

test.each(cases)("a product %s of %j and %j of %s is that of the interpreter", (equation, a, b, dtype, count) => {
  const inputs = [a, b].map((shape) => input(spec(shape as Shape, dtype)));
  const fn = new Fn("main", inputs, [einsum(equation, ...inputs)]);
  const program = split(fn);
  expect(batchesOf(program)).toEqual([count]);
  expect(problems(fn, program, [a, b])).toEqual([]);
});

const B = dimSymbol("B");
/** With the number of matrices of the batch, times parts, and what B is when it runs. */
type Named = readonly [terms: string, of: Shape, body: (x: Tensor) => Tensor, count: number, size: number];

const named: readonly Named[] = [
  ["steps of texts", [B, 40, 3], (x) => einsum("bsi,bsj->ij", x, x), 10, 16],
  ["the same as one axis", [B, 40, 3], (x) => einsum("bi,bj->ij", x.reshape([-1, 3]), x.reshape([-1, 3])), 10, 16],
  ["a batch that is a multiple", [dimSymbol("B", { multiple: 8 }), 9, 3], (x) => einsum("bsi,bsj->ij", x, x), 2, 16],
  ["a batch of thousands", [dimSymbol("B", { multiple: 1024 }), 3], (x) => einsum("bi,bj->ij", x, x), 2, 2048],
  ["any number of examples", [B, 3], (x) => einsum("bi,bj->ij", x, x), 1, 16],
  ["terms of any number of results", [B, 2048], (x) => einsum("ai,bi->ab", x, x), 1, 16],
];

test.each(named)("%s are split as far as their number is known", (_, shape, body, count, size) => {
  const x = input(spec(shape));
  const fn = new Fn("main", [x], [body(x)]);
  const program = split(fn);
  expect(batchesOf(program)).toEqual([count]);
  expect(problems(fn, program, [shape.map((dim) => (typeof dim === "number" ? dim : size))])).toEqual([]);
});

test("the gradient of a correlation for its kernel is a product of parts, and what follows is done with their sum", () => {
  const step = (examples: number | string): Fn => {
    const [x, w] = [input(spec([examples, 9, 9, 2])), input(spec([3, 3, 2, 4]))];
    const dw = grad((kernel: Tensor) => conv(x, kernel).square().sum())(w);
    return new Fn("main", [x, w], [w.sub(dw.mul(0.1))]);
  };
  const program = split(step("B"));
  expect(batchesOf(program)).toEqual([1, 7]);
  expect(program.kernels.map(({ name }) => name)).toEqual(["dot+add", "dot", "sum+mul+sub"]);
  const shapes = step(3).inputs.map(({ shape }) => shape as readonly number[]);
  expect(problems(step(3), program, shapes)).toEqual([]);
});

test("factors of 16 bits are converted before windows are made of them", () => {
  const shapes = [
    [8, 130, 3],
    [8, 128, 4],
  ];
  const [x, dy] = shapes.map((shape) => input(spec(shape, "bfloat16"))) as [Tensor, Tensor];
  const seen = windows(x, { axes: [1], size: 3 }); // (8, 128, 3, 3)
  const fn = new Fn("main", [x, dy], [einsum("boik,boj->ikj", seen, dy)]);
  const program = split(fn);
  expect(batchesOf(program)).toEqual([2]);
  const elements = program.buffers.map(({ shape }) => shape.reduce((n: number, size) => n * (size as number), 1));
  expect(Math.max(...elements)).toBe(8 * 128 * 4);
  expect(problems(fn, program, shapes)).toEqual([]);
});
