import "@tenon/interpreter";
import { mixup } from "@tenon/layers";
import { iota, key, setBackend, tensor, training, zeros } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import { betaTable, symmetricBeta } from "./symmetric-beta.ts";

beforeAll(() => setBackend("interpreter"));

const COUNT = 4000;

/** The share of Beta(α, α) below t ≤ ½, by the midpoint rule in s with t = s^(1/α), where the density has no pole. */
function shareBelow(t: number, alpha: number): number {
  const [below, half] = [t, 0.5].map((end) => {
    const [steps, top] = [2000, end ** alpha];
    let sum = 0;
    for (let i = 0; i < steps; i++) sum += (1 - (((i + 0.5) / steps) * top) ** (1 / alpha)) ** (alpha - 1);
    return (sum * top) / steps;
  }) as [number, number];
  return (0.5 * below) / half;
}

test.each([0.1, 0.2, 0.4, 1, 2, 8])("shares have the beta distribution of both parameters %d", async (alpha) => {
  const drawn = symmetricBeta(key(7), alpha, betaTable(alpha), [COUNT]);
  const sorted = Array.from(await drawn.data(), Number).sort((a, b) => a - b);
  const lower = sorted.filter((t) => t < 0.5); // above, float32 rounds what is next to 1 to 1
  expect(lower.length / COUNT).toBeCloseTo(0.5, 1);
  let distance = 0; // Kolmogorov & Smirnov's
  for (let i = 0; i < lower.length; i += 97) {
    distance = Math.max(distance, Math.abs(shareBelow(lower[i]!, alpha) - (i + 0.5) / COUNT));
  }
  expect(distance).toBeLessThan(1.63 / Math.sqrt(COUNT)); // one sample of a hundred is farther off
  expect([sorted[0]! >= 0, sorted.at(-1)! <= 1]).toEqual([true, true]);
});

test("inputs and targets are mixed by the same share with the same partner", async () => {
  const x = iota([50, 2], 0, "float32");
  const { x: mixed, y } = mixup(0.4).call({ x, y: x.mul(10) }, training(key(0)));
  const [a, b] = [Array.from(await mixed.data(), Number), Array.from(await y.data(), Number)];
  for (const [i, value] of a.entries()) {
    expect(b[i]).toBeCloseTo(10 * value, 3);
    expect(value).toBeCloseTo(a[i - (i % 2)]!, 4);
    expect(value).toBeGreaterThanOrEqual(0);
    expect(value).toBeLessThanOrEqual(49);
  }
  const changed = a.filter((value, i) => i % 2 === 0 && Math.abs(value - i / 2) > 0.01);
  expect(changed.length).toBeGreaterThan(20);
});

test("rows of one-hot targets still add up to one", async () => {
  const y = tensor([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]); // biome-ignore format: a matrix
  const { y: mixed } = mixup(1).call({ x: zeros([4, 3]), y }, training(key(2)));
  for (const sum of await mixed.sum({ axis: 1 }).data()) expect(sum).toBeCloseTo(1, 6);
});

test("inference gives the input itself", () => {
  const batch = { x: zeros([2, 3]), y: zeros([2, 1]) };
  const { x, y } = mixup().call(batch);
  expect([x, y]).toEqual([batch.x, batch.y]);
});

test("labels are to be one-hot, and as many as inputs", () => {
  const labels = tensor(Int32Array.of(1, 2));
  expect(() => mixup().call({ x: zeros([2, 3]), y: labels })).toThrowErrorMatchingInlineSnapshot(`
    [DTypeError E201 mixup: y is int32 where floats are wanted.
      x: float32 [2, 3]
      y: int32 [2]
      fix: make one-hot rows of classes, as in y.oneHot(10).]
  `);
  expect(() => mixup().call({ x: zeros([2, 3]), y: zeros([3, 1]) })).toThrow(
    /x has the shape \[2, 3\] but y has \[3, 1\]/,
  );
  expect(() => mixup(0)).toThrow(/alpha is 0, which is no number from 0.01 to 100/);
});
