import { type AluOp, elementary, elementaryOps, type KernelWriter, type Value, type ValueType } from "@tenon/lowering";
import { describe, expect, test } from "vitest";
import { Memory } from "../../../lowering/src/kernel/evaluate-memory.test-kit.ts";
import { numbers } from "../../../lowering/src/polynomial/targets.test-kit.ts";
import { evaluated, kernelOf, memoryOf, rendered, type Way, ways, wayText } from "./run.test-kit.ts";

const big = 2 ** 31;
const floats = [
  ...[0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 3.7, -3.7, 1e-3, 7, -7, 88, -103, 1e10, -1e10, 3.4e38, -3.4e38],
  ...[2 ** -126, 2 ** -149, -(2 ** -149), 1e-40, 2 ** 23 + 1, 2 ** 24, big, -big, big * 2, 65504, 65520, 1e-7, 6e-8],
  ...[Infinity, -Infinity, NaN],
];
const samples: Readonly<Record<ValueType, readonly number[]>> = {
  float32: floats,
  float64: [...floats, 1e300, -1e-310, big - 0.5],
  int32: [0, 1, -1, 2, -2, 3, 7, -7, 31, 32, 33, 127, 128, -128, 255, 32767, 65535, 65536, big - 1, -big, 123456789],
  uint32: [0, 1, 2, 3, 7, 31, 32, 33, 127, 128, 255, 65535, 65536, big - 1, big, big + 7, 2 * big - 1],
  bool: [0, 1],
};

const numeric = ["float32", "float64", "int32", "uint32"] as const;
const whole = ["int32", "uint32"] as const;
const float = ["float32", "float64"] as const;
const any = [...numeric, "bool"] as const;

/** The types that each operation is defined for, and those of its result where it is another. */
const rows: readonly (readonly [readonly AluOp[], count: number, readonly ValueType[], (readonly ValueType[])?])[] = [
  [["add", "sub", "mul", "div", "rem", "maximum", "minimum"], 2, numeric],
  [["and", "or", "xor"], 2, [...whole, "bool"]],
  [["shl", "shr"], 2, whole],
  [["eq", "ne", "lt", "le", "gt", "ge"], 2, any, ["bool"]],
  [["neg", "abs", "sign"], 1, numeric],
  [["floor", "ceil", "round", "sqrt"], 1, float],
  [["not"], 1, [...whole, "bool"]],
  [["is_finite"], 1, float, ["bool"]],
  [["convert"], 1, any, any],
  [["bitcast"], 1, ["float32", ...whole], ["float32", ...whole]],
  [["round16", "roundb16"], 1, ["float32"]],
  [["wrap8", "wrap16"], 1, whole],
];

/** `out[i] = op(a[i], b[i], …)`, and the samples of each operand with those of the others. */
function caseOf(op: AluOp, from: readonly ValueType[], to: ValueType) {
  const kernel = kernelOf((w: KernelWriter) => {
    const slots = from.map((type) => w.slot(type, "read"));
    const out = w.slot(to, "write");
    const size = from.reduce((n, type) => n * samples[type].length, 1);
    const i = w.axis("i", size);
    w.loop(i, size, "parallel", () => {
      w.store(
        out,
        i,
        w.alu(
          op,
          slots.map((slot) => w.load(slot, i)),
          to,
        ),
      );
    });
  });
  let lists: readonly (readonly number[])[] = [[]];
  for (const type of from) lists = lists.flatMap((list) => samples[type].map((x) => [...list, x]));
  const column = (i: number): readonly number[] => lists.map((list) => list[i]!);
  const memories = from.map((type, i) => memoryOf(type, column(i)));
  return { kernel, memories: [...memories, Memory.poisoned(to, lists.length)] };
}

/** What differs, as text, of results that are to be the same numbers; zeros have signs. */
function differences(op: string, way: Way, memories: readonly Memory[], expected: Float64Array, actual: Float64Array) {
  return Array.from(expected, (y, i) =>
    Object.is(y, actual[i])
      ? ""
      : `${op}(${memories.slice(0, -1).map(({ data }) => data[i])}) is ${y}, not ${actual[i]} (${wayText(way)})`,
  ).filter(Boolean);
}

describe.each(ways.slice(0, 2))("one by one (%s)", (way) => {
  for (const [ops, count, types, results] of rows) {
    for (const op of ops) {
      test(`${op} is what it means, for special values of every type`, () => {
        for (const from of types) {
          for (const to of results ?? [from]) {
            const { kernel, memories } = caseOf(op, Array(count).fill(from), to);
            const [expected, actual] = [evaluated(kernel)(memories), rendered(kernel, way)(memories)];
            const undefinedAt = (i: number) => /div|rem/.test(op) && /int/.test(from) && memories[1]!.data[i] === 0;
            const result = actual.at(-1)!.data.map((y, i) => (undefinedAt(i) ? expected.at(-1)!.data[i]! : y));
            expect(differences(`${op} ${from} ${to}`, way, memories, expected.at(-1)!.data, result)).toEqual([]);
          }
        }
      });
    }
  }

  test("select takes either side for every type", () => {
    for (const type of any) {
      const { kernel, memories } = caseOf("select", ["bool", type, type], type);
      const [expected, actual] = [evaluated(kernel)(memories), rendered(kernel, way)(memories)];
      expect(differences("select", way, memories, expected[3]!.data, actual[3]!.data)).toEqual([]);
    }
  });

  test("functions of float32 have the bits of their polynomials", () => {
    for (const op of elementaryOps) {
      const { kernel, memories } = caseOf(op, ["float32"], "float32");
      const expected = memories[0]!.data.map((x) => elementary(op)(numbers, x));
      expect(differences(op, way, memories, expected, rendered(kernel, way)(memories)[1]!.data)).toEqual([]);
    }
    const { kernel, memories } = caseOf("pow", ["float32", "float32"], "float32");
    const expected = memories[0]!.data.map((x, i) => elementary("pow")(numbers, x, memories[1]!.data[i]!));
    expect(differences("pow", way, memories, expected, rendered(kernel, way)(memories)[2]!.data)).toEqual([]);
  });

  test("functions of float64 are JavaScript's", () => {
    for (const op of [...elementaryOps, "pow"] as const) {
      const from = Array<ValueType>(op === "pow" ? 2 : 1).fill("float64");
      const { kernel, memories } = caseOf(op, from, "float64");
      const [expected, actual] = [evaluated(kernel)(memories), rendered(kernel, way)(memories)];
      expect(differences(op, way, memories, expected.at(-1)!.data, actual.at(-1)!.data)).toEqual([]);
    }
  });

  test("rsqrt is one over the root", () => {
    for (const type of float) {
      const { kernel, memories } = caseOf("rsqrt", [type], type);
      const round = type === "float32" ? Math.fround : Number;
      const expected = memories[0]!.data.map((x) => round(1 / round(Math.sqrt(x))));
      expect(differences("rsqrt", way, memories, expected, rendered(kernel, way)(memories)[1]!.data)).toEqual([]);
    }
  });
});

test("a number on the right of maximum and minimum is met as any operand is", () => {
  for (const way of ways) {
    for (const op of ["maximum", "minimum"] as const) {
      for (const limit of [0, -0, 1, -Infinity, NaN]) {
        for (const swapped of [false, true]) {
          const kernel = kernelOf((w) => {
            const [a, out] = [w.slot("float32", "read"), w.slot("float32", "write")];
            const i = w.axis("i", floats.length);
            const pair = (x: Value): readonly Value[] => [x, w.constant("float32", limit)];
            w.loop(i, floats.length, "parallel", () => {
              const operands = pair(w.load(a, i));
              w.store(out, i, w.alu(op, swapped ? operands.toReversed() : operands));
            });
          });
          const memories = [memoryOf("float32", floats), Memory.poisoned("float32", floats.length)];
          const [expected, actual] = [evaluated(kernel)(memories), rendered(kernel, way)(memories)];
          expect(differences(`${op} ${limit}`, way, memories, expected[1]!.data, actual[1]!.data)).toEqual([]);
        }
      }
    }
  }
});
