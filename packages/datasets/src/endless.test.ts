import { endless, randomTokenWindows } from "@tenon/datasets";
import { expect, test } from "vitest";

const ids = Array.from({ length: 500 }, (_, i) => i);
const windows = endless((count, key) => randomTokenWindows(ids, { length: 4, count, seed: key }));

/** The first tokens of the windows in the first batches. */
function starts(shuffle?: number): number[] {
  const found: number[] = [];
  for (const { x } of windows.batches(3, shuffle === undefined ? {} : { shuffle })) {
    found.push(...Array.from(x.data).filter((_, i) => i % 4 === 0));
    if (found.length === 12) return found;
  }
  return found;
}

test("batches come as long as they are wanted, the same for the same seed, and none twice", () => {
  expect(windows.size).toBe(Infinity);
  expect(windows.columns.x.shape).toEqual([1, 4]);
  expect(starts(1)).toEqual(starts(1));
  expect(starts(1)).not.toEqual(starts(2));
  expect(starts()).toEqual(starts(0));
  expect(new Set(starts(1)).size).toBeGreaterThan(10);
});

test("there is no end to count from", () => {
  expect(() => windows.slice(-1)).toThrow("E770 slice: the data never end");
  expect(() => windows.batches(0)).toThrow("E770 batches: batchSize is 0");
});
