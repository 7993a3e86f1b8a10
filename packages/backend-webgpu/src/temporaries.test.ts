import { constantIndex, type Item, type PlannedMemory, type StepMemory } from "@tenon/lowering";
import { expect, test } from "vitest";
import { placeTemporaries } from "./temporaries.ts";

const memoryOf = (times: readonly (readonly [number, number])[], items: readonly Item[] = []): StepMemory => ({
  items,
  memories: times.map(
    ([first, last]): PlannedMemory => ({
      outside: undefined,
      elements: constantIndex(0),
      bytesPerElement: 4,
      first,
      last,
    }),
  ),
  memoryOf: times.map((_, i) => i),
  layout: () => {
    throw new Error("not needed");
  },
});

const launch = (...instances: readonly (readonly number[])[]): Item => ({
  kind: "launch",
  kernel: 0,
  instances: instances.map((buffers) => ({ buffers, scalars: [] })),
  origin: { ops: [], scopes: [], source: undefined },
});

const GREAT = 2 ** 30;

test("memories share a buffer where they are never in use at once, the larger giving its size", () => {
  const memory = memoryOf([
    [0, 1],
    [1, 2],
    [2, 3],
    [3, 4],
  ]);
  expect(placeTemporaries(memory, [4000, 9000, 6000, 5000], GREAT)).toEqual({
    small: [],
    buffers: [
      { bytes: 9000, shared: false, members: [1, 3].map((m) => ({ memory: m, offset: 0 })) },
      { bytes: 6000, shared: false, members: [2, 0].map((m) => ({ memory: m, offset: 0 })) },
    ],
  });
});

test("what instances of one launch have in one slot is one buffer; small memories, and those from outside, are not in it", () => {
  const times = Array.from({ length: 7 }, () => [0, 9] as const);
  const memory = memoryOf(times, [launch([0, 4], [1, 5], [2, 6]), launch([2], [3])]);
  const { small, buffers } = placeTemporaries(memory, [5000, 1000, 3000, 2000, -1, -1, -1], GREAT);
  expect(small).toEqual([1]);
  expect(buffers).toEqual([
    {
      bytes: 5120 + 3072 + 2048,
      shared: true,
      members: [
        { memory: 0, offset: 0 },
        { memory: 2, offset: 5120 },
        { memory: 3, offset: 8192 },
      ],
    },
  ]);
});

test("a group that no buffer can hold is not one", () => {
  const times = [[0, 9] as const, [0, 9] as const];
  const { buffers } = placeTemporaries(memoryOf(times, [launch([0], [1])]), [5000, 6000], 8000);
  expect(buffers.map(({ bytes, shared }) => [bytes, shared])).toEqual([
    [6000, false],
    [5000, false],
  ]);
});
