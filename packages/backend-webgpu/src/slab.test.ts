import { expect, test } from "vitest";
import { CELL, cellBytes, MAX_SMALL, Slab } from "./slab.ts";

test("ranges do not overlap, and what was given back serves the next of its size", () => {
  const slab = new Slab();
  const sizes = [0, 1, CELL, CELL + 1, 2 * CELL, 2 * CELL + 1, MAX_SMALL];
  const offsets = sizes.map((bytes) => slab.take(bytes));
  offsets.forEach((offset, i) => {
    expect(offset % CELL).toBe(0);
    expect(offset + sizes[i]!).toBeLessThanOrEqual(offsets[i + 1] ?? slab.end);
  });
  const end = slab.end;
  slab.give(offsets[3]!, sizes[3]!);
  slab.give(offsets[1]!, sizes[1]!);
  expect(slab.take(2 * CELL)).toBe(offsets[3]);
  expect(slab.take(4)).toBe(offsets[1]);
  expect(slab.end).toBe(end);
  expect(slab.take(4)).toBe(end);
  expect(cellBytes(3 * CELL)).toBe(4 * CELL);
});
