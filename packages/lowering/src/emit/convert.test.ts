import {
  bfloat16Value,
  convertNumber,
  type DType,
  decodeElements,
  encodeElements,
  float16Value,
  isFloat,
  roundToDType,
} from "@tenon/ir";
import { expect, test } from "vitest";
import { evaluateKernel } from "../kernel/evaluate.test-kit.ts";
import { Memory } from "../kernel/evaluate-memory.test-kit.ts";
import type { Value } from "../kernel/kernel.ts";
import { KernelWriter } from "../kernel/writer.ts";
import { loadParts } from "../parts.ts";
import { specials } from "../random-graph.test-kit.ts";
import { bitcastValue, convertValue } from "./convert.ts";

await loadParts();

type Change = (writer: KernelWriter, value: Value, from: DType, to: DType) => Value;

/** Elements of one dtype as those of another, by a kernel. */
function changed(change: Change, from: DType, to: DType, data: readonly number[]): number[] {
  const w = new KernelWriter();
  const [x, y] = [w.slot(from, "read"), w.slot(to, "write")];
  const i = w.axis("i", data.length);
  w.loop(i, data.length, "parallel", () => w.store(y, i, change(w, w.load(x, i), from, to)));
  const out = Memory.poisoned(to, data.length);
  const kernel = { kind: "loops", name: "change", slots: w.slots, scalars: [], body: w.statements } as const;
  evaluateKernel(kernel, [{ memories: [new Memory(from, Float64Array.from(data)), out] }]);
  return [...out.data];
}

const kernelDTypes: readonly DType[] = [
  "bool",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "float16",
  "bfloat16",
  "float32",
  "float64",
];

test.each(kernelDTypes)("%s becomes every other dtype as ir's convert says", (from) => {
  const halves = isFloat(from) ? [0.5, -0.5, 2.5, 300.7, -129.9, 65519, 65520, 2 ** 31, -(2 ** 40), 1e30] : [];
  const data = [...specials(from), ...halves].map((x) => roundToDType(from, x));
  for (const to of kernelDTypes) {
    const expected = data.map((x) => (isFloat(from) ? convertNumber(to, x) : roundToDType(to, x)));
    expect(changed(convertValue, from, to, data), to).toEqual(expected);
  }
});

test("a float64 or a large integer is rounded to 16 bits once, not by way of float32", () => {
  // just beside half-way between 1 and the next float16 or bfloat16, where float32 sees half-way
  const beside = [
    1 + 2 ** -11 + 2 ** -40,
    1 + 3 * 2 ** -11 - 2 ** -40,
    -(1 + 2 ** -11 + 2 ** -40),
    2 ** -25 + 2 ** -70,
  ];
  const bfloat = [
    1 + 2 ** -8 + 2 ** -40,
    -(1 + 3 * 2 ** -8 - 2 ** -40),
    3.4e38,
    3.3961775292304601e38,
    1e300,
    2 ** -150,
  ];
  for (const to of ["float16", "bfloat16"] as const) {
    const data = [...beside, ...bfloat];
    expect(changed(convertValue, "float64", to, data)).toEqual(data.map((x) => roundToDType(to, x)));
  }
  const whole = [2 ** 30 + 2 ** 22 + 1, 2 ** 30 + 3 * 2 ** 22 - 1, 2 ** 24 + 2 ** 16 + 1, 12_345_678, 257, 258];
  for (const from of ["int32", "uint32"] as const)
    expect(changed(convertValue, from, "bfloat16", whole)).toEqual(whole.map((x) => roundToDType("bfloat16", x)));
  const negative = whole.map((x) => -x);
  expect(changed(convertValue, "int32", "bfloat16", negative)).toEqual(
    negative.map((x) => roundToDType("bfloat16", x)),
  );
});

const patterns = Array.from({ length: 65536 }, (_, bits) => bits);

test("every pattern of 16 bits is the float that it says, and the other way round", () => {
  for (const [dtype, valueOf] of [
    ["float16", float16Value],
    ["bfloat16", bfloat16Value],
  ] as const) {
    const floats = patterns.map(valueOf);
    expect(changed(bitcastValue, "uint16", dtype, patterns)).toEqual(floats);
    const numbers = patterns.filter((bits) => !Number.isNaN(valueOf(bits)));
    expect(changed(bitcastValue, dtype, "uint16", numbers.map(valueOf))).toEqual(numbers);
  }
});

test("bits of other dtypes are kept", () => {
  for (const [from, to] of [
    ["int8", "uint8"],
    ["uint8", "int8"],
    ["int16", "float16"],
    ["bfloat16", "float16"],
    ["float32", "int32"],
    ["uint32", "float32"],
  ] as const) {
    const data = specials(from).filter((x) => !Number.isNaN(x));
    const expected = [...decodeElements(to, encodeElements(from, data))];
    expect(changed(bitcastValue, from, to, data), `${from} to ${to}`).toEqual(expected);
  }
});
