import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { digits, drawDigits } from "./index.ts";

test("the same seed gives the same bytes on every machine", () => {
  const { images, labels } = drawDigits({ count: 10_000, seed: 0 });
  const digest = createHash("sha256").update(images).update(labels).digest("hex");
  expect(digest).toMatchInlineSnapshot(`"af0e2e3e4a00ffc2784baa28753b54a9bea486468142c6cd9bc52c610b36bb03"`);
});

test("a smaller set is the beginning of a larger one, and another seed gives other digits", () => {
  const large = drawDigits({ count: 50, seed: 3 });
  const small = drawDigits({ count: 20, seed: 3 });
  expect(large.images.subarray(0, small.images.length)).toEqual(small.images);
  expect(large.labels.subarray(0, 20)).toEqual(small.labels);
  expect(drawDigits({ count: 20, seed: 4 }).images).not.toEqual(small.images);
});

test("every digit comes about as often", () => {
  const counts = new Array<number>(10).fill(0);
  for (const label of drawDigits({ count: 10_000, size: 8 }).labels) counts[label]!++;
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150); // five standard deviations
});

test("a picture of any size has ink inside and paper at its edge", () => {
  for (const size of [8, 28, 33, 100]) {
    const count = 200;
    const { images } = drawDigits({ count, size });
    expect(images).toHaveLength(count * size * size);
    let edge = 0;
    let all = 0;
    for (let i = 0; i < images.length; i++) {
      const row = Math.floor(i / size) % size;
      all += images[i]!;
      if (row === 0) edge += images[i]!;
    }
    expect(all / images.length).toBeGreaterThan(15);
    expect(edge / (count * size)).toBeLessThan(all / images.length / 3);
  }
});

test("no digits are a set too", () => {
  expect(drawDigits({ count: 0 })).toEqual({ images: new Uint8Array(0), labels: new Uint8Array(0), size: 28 });
});

// A linear model separates written digits only in part: below 93 of 100, MNIST's figure. Class means do worse.
test("the nearest mean of a class names six to nine of ten digits", () => {
  const train = drawDigits({ count: 4000, seed: 1 });
  const unseen = drawDigits({ count: 1000, seed: 2 });
  const pixels = 28 * 28;
  const means = Array.from({ length: 10 }, () => new Float64Array(pixels));
  const counts = new Array<number>(10).fill(0);
  for (const [i, label] of train.labels.entries()) {
    counts[label]!++;
    for (let p = 0; p < pixels; p++) means[label]![p]! += train.images[i * pixels + p]!;
  }
  let right = 0;
  for (const [i, label] of unseen.labels.entries()) {
    const distances = means.map((mean, digit) =>
      mean.reduce((sum, total, p) => sum + (total / counts[digit]! - unseen.images[i * pixels + p]!) ** 2, 0),
    );
    if (distances.indexOf(Math.min(...distances)) === label) right++;
  }
  expect(right).toBeGreaterThan(600);
  expect(right).toBeLessThan(900);
});

test("digits() shares its pictures out as MNIST does, the test pictures following the others", () => {
  const { train, test: unseen } = digits({ train: 20, test: 5, seed: 3 });
  const all = drawDigits({ count: 25, seed: 3 });
  expect([train.x.shape, train.y.shape, unseen.x.shape]).toEqual([[20, 28, 28], [20], [5, 28, 28]]);
  expect([train.x.dtype, train.y.dtype, train.y.classes?.length]).toEqual(["float32", "int32", 10]);
  expect(unseen.y.data).toEqual(Int32Array.from(all.labels.subarray(20)));
  expect(unseen.x.data).toEqual(Float32Array.from(all.images.subarray(20 * 28 * 28), (ink) => ink / 255));
  expect(() => digits({ count: 3 } as never)).toThrow(/unknown option count/);
});

test("a count, seed or size out of range is refused", () => {
  expect(() => drawDigits({ count: 1.5 })).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E770 digits: count is 1.5, not a whole number from 0 to 4294967295.
      fix: give count such a number.]
  `);
  expect(() => drawDigits({ count: -1 })).toThrow(/count/);
  expect(() => drawDigits({ count: 1, seed: -1 })).toThrow(/seed/);
  expect(() => drawDigits({ count: 1, size: 7 })).toThrow(/size/);
});
