import { grad } from "@tenon/autograd";
import { Draw, expectedResults, problemsOf } from "@tenon/conformance";
import { evaluateTensors } from "@tenon/interpreter";
import {
  applyOp,
  conv,
  type DType,
  dimSymbol,
  dotOp,
  einsum,
  Fn,
  input,
  type Shape,
  spec,
  type Tensor,
} from "@tenon/ir";
import { expect, test } from "vitest";
import { evaluateProgram } from "../kernel/evaluate-program.test-kit.ts";
import type { DotKernel } from "../kernel/kernel.ts";
import type { StepProgram } from "../kernel/program.ts";
import { programOf } from "../lower/lower.test-kit.ts";
import { splitProduct } from "./split-product.ts";

type Pairs = readonly [readonly number[], readonly number[]];

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

interface Case {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly contract: Pairs;
  readonly batch?: Pairs;
  readonly dtype?: DType;
  /** Of the batch, times parts. */
  readonly count: number;
}

const firsts: Pairs = [[0], [0]];
const cases: readonly Case[] = [
  { a: [2048, 5], b: [2048, 3], contract: firsts, count: 4 },
  { a: [2048, 5], b: [2048, 3], contract: firsts, dtype: "float64", count: 4 },
  { a: [2048, 5], b: [2048, 3], contract: firsts, dtype: "float16", count: 1 },
  { a: [2048, 5], b: [2048, 3], contract: firsts, dtype: "int32", count: 1 },
  { a: [1023, 5], b: [1023, 3], contract: firsts, count: 1 }, // too few terms
  { a: [2053, 2], b: [2053, 3], contract: firsts, count: 1 }, // a prime
  { a: [1, 3600], b: [3600, 4], contract: [[1], [0]], count: 8 },
  {
    a: [8, 300, 3],
    b: [300, 2, 8],
    contract: [
      [0, 1],
      [2, 0],
    ],
    count: 4,
  },
  {
    a: [3, 700, 2],
    b: [3, 700],
    contract: [
      [0, 1],
      [0, 1],
    ],
    count: 3,
  }, // one axis as a whole
  {
    a: [2, 7, 300, 2],
    b: [7, 300, 2],
    contract: [
      [1, 2],
      [0, 1],
    ],
    batch: [[0], [2]],
    count: 14,
  },
  { a: [2048], b: [2048], contract: firsts, count: 4 },
  { a: [0, 5], b: [0, 3], contract: firsts, count: 1 },
  { a: [2048, 0], b: [2048, 3], contract: firsts, count: 1 },
  { a: [65_536], b: [65_536], contract: firsts, dtype: "float64", count: 128 }, // parts are split again
];

test.each(cases)("a product of $a and $b over $contract is that of the interpreter", (given) => {
  const { a, b, contract, batch = [[], []], dtype = "float32", count } = given;
  const inputs = [a, b].map((shape) => input(spec(shape as Shape, dtype)));
  const fn = new Fn("main", inputs, [applyOp(dotOp, inputs, { contract, batch })[0]!]);
  const program = split(fn);
  expect(batchesOf(program)).toEqual([count]);
  expect(problems(fn, program, [a, b])).toEqual([]);
});

const B = dimSymbol("B");
const named: readonly (readonly [terms: string, of: Shape, body: (x: Tensor) => Tensor, count: number])[] = [
  ["steps of texts", [B, 40, 3], (x) => einsum("bsi,bsj->ij", x, x), 10],
  ["the same as one axis", [B, 40, 3], (x) => einsum("bi,bj->ij", x.reshape([-1, 3]), x.reshape([-1, 3])), 10],
  ["a batch that is a multiple", [dimSymbol("B", { multiple: 8 }), 9, 3], (x) => einsum("bsi,bsj->ij", x, x), 2],
  ["any number of examples", [B, 3], (x) => einsum("bi,bj->ij", x, x), 1],
  ["terms of any number of results", [B, 2048], (x) => einsum("ai,bi->ab", x, x), 1],
];

test.each(named)("%s are split as far as their number is known", (_, shape, body, count) => {
  const x = input(spec(shape));
  const fn = new Fn("main", [x], [body(x)]);
  const program = split(fn);
  expect(batchesOf(program)).toEqual([count]);
  expect(problems(fn, program, [shape.map((size) => (typeof size === "number" ? size : 16))])).toEqual([]);
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
