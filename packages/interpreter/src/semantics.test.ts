// What docs/semantics.md says of the interpreter, sentence by sentence.
import { evaluateFn, evaluateTensors, interpreter } from "@tenon/interpreter";
import {
  add,
  applyOp,
  buildModule,
  constant,
  type DType,
  decodeElements,
  div,
  encodeElements,
  Fn,
  input,
  lookupOp,
  matmul,
  mul,
  sub,
  type Tensor,
} from "@tenon/ir";
import { verify } from "@tenon/ir/verify";
import { expect, test } from "vitest";

const valuesOf = (x: Tensor): number[] => [...evaluateTensors([x])[0]!.data];
const convert = (x: Tensor, to: DType): Tensor => applyOp(lookupOp("convert")!, [x], { to })[0]!;
const bitcast = (x: Tensor, to: DType): Tensor => applyOp(lookupOp("bitcast")!, [x], { to })[0]!;

test("integers are exact, and wrap to their width", () => {
  const int = (value: number, dtype: DType = "int32"): Tensor => constant([value], [1], dtype);
  expect(valuesOf(add(int(2 ** 31 - 1), int(1)))).toEqual([-(2 ** 31)]);
  expect(valuesOf(mul(int(123456789), int(987654321)))).toEqual([-67153019]); // 123456789·987654321 mod 2^32, signed
  expect(valuesOf(mul(int(2 ** 32 - 1, "uint32"), int(2 ** 32 - 1, "uint32")))).toEqual([1]);
  expect(valuesOf(sub(int(0, "uint8"), int(1, "uint8")))).toEqual([255]);
  expect(valuesOf(add(int(127, "int8"), int(1, "int8")))).toEqual([-128]);
});

test("floats are float64 within a run", () => {
  const tiny = constant(2 ** -40);
  expect(valuesOf(sub(add(constant(1), tiny), constant(1)))).toEqual([2 ** -40]);
  const huge = constant(2 ** 100);
  expect(valuesOf(div(mul(huge, huge), huge))).toEqual([2 ** 100]);
});

test("constants are rounded to their dtype", () => {
  expect(valuesOf(constant(0.1))).toEqual([Math.fround(0.1)]);
  expect(valuesOf(constant([0.1], [1], "float16"))).toEqual([0.0999755859375]);
});

test("convert rounds to the dtype it makes, also where that is the dtype there was", () => {
  const sum = add(constant(1), constant(2 ** -40));
  expect(valuesOf(convert(sum, "float32"))).toEqual([1]);
  expect(valuesOf(convert(sum, "float64"))).toEqual([1 + 2 ** -40]);
  expect(valuesOf(convert(constant(1 / 3), "float16"))).toEqual([0.333251953125]);
  expect(valuesOf(convert(constant(1 / 3), "bfloat16"))).toEqual([0.333984375]);
});

test("factors of products are rounded as mul says, to the nearest and ties to even", () => {
  const product = (x: number, mul: "same" | "tf32" | "bf16"): number =>
    valuesOf(matmul(constant([x], [1, 1], "float32"), constant([1], [1, 1], "float32"), { mul }))[0]!;
  const [brain, tf32] = [2 ** -7, 2 ** -10]; // units in the last place at 1
  for (const [mul, unit] of [
    ["bf16", brain],
    ["tf32", tf32],
  ] as const) {
    expect(product(1 + unit / 2, mul)).toBe(1);
    expect(product(-1 - 1.5 * unit, mul)).toBe(-1 - 2 * unit);
    expect(product(1 + 0.51 * unit, mul)).toBe(1 + unit);
    expect(product(3 * 2 ** -130 * (1 + unit / 8), mul)).toBe(3 * 2 ** -130);
    expect(product(2 ** 128 * (1 - 2 ** -24), mul)).toBe(Infinity);
    expect(product(Number.NaN, mul)).toBeNaN();
  }
  expect(product(1 + 2 ** -20, "same")).toBe(1 + 2 ** -20);
});

test("bitcast reads the bits of the rounded value", () => {
  const third = div(constant(1), constant(3)); // float64 within the run
  expect(valuesOf(bitcast(third, "int32"))).toEqual([0x3eaaaaab]);
  expect(valuesOf(bitcast(bitcast(third, "int32"), "float32"))).toEqual([Math.fround(1 / 3)]);
});

test("a value is rounded to its dtype when a buffer stores it", async () => {
  const backend = await interpreter().create();
  const x = input({ dtype: "float32", shape: [] });
  const fn = new Fn("f", [x], [div(x, 3), div(convert(x, "bfloat16"), 3)]);
  const exact = evaluateFn(fn, [{ dtype: "float32", shape: [], data: Float64Array.of(1) }]);
  expect(exact.map(({ data }) => data[0])).toEqual([1 / 3, 1 / 3]);
  const executable = await backend.compile(verify(buildModule({ entries: { f: fn } })), "f");
  const one = backend.alloc(4);
  backend.write(one, encodeElements("float32", [1]));
  const stored = await Promise.all(executable.run([one]).map((y) => backend.read(y)));
  expect(stored.map((bytes) => bytes.byteLength)).toEqual([4, 2]);
  expect(decodeElements("float32", stored[0]!)).toEqual(Float64Array.of(Math.fround(1 / 3)));
  expect(decodeElements("bfloat16", stored[1]!)).toEqual(Float64Array.of(0.333984375));
});

test("the same run gives the same bits", () => {
  const x = constant(Float64Array.from({ length: 1000 }, (_, i) => Math.sin(i)));
  const sums = [0, 1].map(
    () => evaluateTensors([applyOp(lookupOp("reduce")!, [x], { op: "sum", axes: [0] })[0]!])[0]!.data,
  );
  expect(sums[0]).toEqual(sums[1]);
});
