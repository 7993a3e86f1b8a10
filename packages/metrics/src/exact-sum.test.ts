import "@tenon/backend-cpu-js";
import "@tenon/interpreter";
import { compile, setBackend, spec, type Tensor, tensor } from "@tenon/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import { type ExactSum, exactAdd, exactValues, exactZero } from "./exact-sum.ts";

const add = compile((sum: ExactSum, x: Tensor) => exactAdd(sum, x));
const sumOf = async (batches: readonly (readonly number[])[], start = exactZero()): Promise<number> => {
  let sum: ExactSum = start;
  for (const batch of batches) sum = await add(sum, tensor(Float32Array.from(batch)));
  return (await exactValues(sum))[0]!;
};

/** Numbers of every size and sign, the smallest and the largest among them. */
const wild = Array.from({ length: 300 }, (_, i) =>
  Math.fround(Math.sin(i * 12.9898) * 2 ** (((i * 37) % 276) - 149)),
).concat([2 ** -149, -(2 ** -126), 3.4028234663852886e38, -1, 0, -0]);

/** The sum as a whole number of 2^−149. */
const exactly = (values: readonly number[]): number => {
  let sum = 0n;
  for (const x of values) {
    let [mantissa, exponent] = [x, 0];
    while (!Number.isInteger(mantissa)) [mantissa, exponent] = [mantissa * 2, exponent + 1];
    sum += BigInt(mantissa) << BigInt(149 - exponent);
  }
  return Number(sum) * 2 ** -149;
};

describe.each(["interpreter", "cpu-js"])("on %s:", (backend) => {
  beforeAll(() => setBackend(backend));

  test("a sum of numbers of every size has no rounding but that of its result", async () => {
    expect(await sumOf([wild])).toBe(exactly(wild));
    expect(await sumOf([[1e30, 1, -1e30, 2 ** -100]])).toBe(1 + 2 ** -100);
    expect(await sumOf([wild, wild.map((x) => -x)])).toBe(0);
  });

  test("it is the same for any order and any split", async () => {
    const whole = await sumOf([wild]);
    expect(await sumOf([wild.toReversed()])).toBe(whole);
    expect(await sumOf(wild.map((x) => [x]))).toBe(whole);
    expect(await sumOf([wild.slice(0, 7), [], wild.slice(7, 200), wild.slice(200)])).toBe(whole);
  });

  test("carries move on: many large batches of one value stay exact", async () => {
    const batch = Array.from({ length: 5000 }, () => Math.fround(0.1));
    expect(await sumOf(Array.from({ length: 20 }, () => batch))).toBe(100_000 * Math.fround(0.1));
    const negative = batch.map((x) => -x);
    expect(await sumOf(Array.from({ length: 20 }, () => negative))).toBe(-100_000 * Math.fround(0.1));
  });

  test("integers and bools are counted, beyond what float32 and int32 hold", async () => {
    const count = compile((sum: ExactSum, x: Tensor) => exactAdd(sum, x));
    let sum: ExactSum = exactZero();
    for (let i = 0; i < 5; i++) sum = await count(sum, tensor([2 ** 30 - 1, 1 - i], { dtype: "int32" }));
    sum = await count(sum, tensor([true, false, true]));
    expect(await exactValues(sum)).toEqual([5 * 2 ** 30 - 10 + 2]);
  });

  test("NaN and infinities show, and do not disturb the other sums", async () => {
    const sums = await add(
      exactZero([4]),
      tensor([
        [NaN, Infinity, Infinity, 1],
        [1, 2, -Infinity, 2],
      ]),
    );
    expect(await exactValues(sums)).toEqual([NaN, Infinity, NaN, 3]);
  });

  test("named sizes are one program", async () => {
    let traced = 0;
    const { bins, special } = exactZero([2]);
    const inputs = [{ bins: spec(bins.shape, "int32"), special: spec(special.shape) }, spec(["B", 2])];
    const step = compile((sum: ExactSum, x: Tensor) => (traced++, exactAdd(sum, x)), { inputs });
    let sum: ExactSum = { bins, special };
    for (const x of [
      [[1, 2]],
      [
        [3, 4],
        [5, 6],
      ],
    ])
      sum = await step(sum, tensor(x));
    expect(await exactValues(sum)).toEqual([9, 12]);
    expect(traced).toBe(1);
  });
});
