import { constantIndex, type IndexVariable, indexVariable } from "@tenon/lowering";
import { expect, test } from "vitest";
import type { DeviceBuffer } from "./device-buffers.ts";
import { dispatchesOf } from "./dispatches.ts";
import type { Range } from "./memory.ts";
import type { KernelSource } from "./wgsl/source.ts";
import type { Work } from "./works.ts";

const limits = { maxComputeWorkgroupsPerDimension: 100, maxUniformBufferBindingSize: 256 };
const home = (shared: boolean): Pick<Range, "home"> => ({ home: { shared } as DeviceBuffer });
const source: KernelSource = {
  name: "add",
  threads: 64,
  groups: constantIndex(1),
  scalars: [indexVariable("n", 0, 100) as IndexVariable],
  slots: [
    { dtype: "float32", access: "read", vectors: false },
    { dtype: "int8", access: "read", vectors: false },
    { dtype: "float32", access: "write", vectors: false },
  ],
  declarations: "",
  body: "",
};
const work = (...instances: readonly (readonly [memories: readonly number[], groups: number])[]): Work => ({
  source,
  guard: undefined,
  instances: instances.map(([memories, groups], i) => ({ memories, groups, scalars: [10 + i] })),
});

test("a buffer is bound once, and its slots are based where it holds several ranges", () => {
  const [alone, slab] = [home(false), home(true)];
  const [dispatch] = dispatchesOf([work([[0, 1, 2], 5])], [slab, alone, slab], limits);
  expect(dispatch!.bound).toEqual([0, 1]);
  expect(dispatch!.variant.places).toEqual([
    { binding: 0, based: true },
    { binding: 1, based: false },
    { binding: 0, based: true },
  ]);
  // one instance, five workgroups; the first of them, the scalar, then where slots 0 and 2 begin
  expect([...dispatch!.table]).toEqual([1, 5, 0, 0, 0, 10, 0, 0]);
  expect(dispatch!.bases).toEqual([
    { word: 6, memory: 0, bytesPerElement: 4 },
    { word: 7, memory: 2, bytesPerElement: 4 },
  ]);
});

test("instances in the same buffers are one dispatch, others another", () => {
  const [slab, group, x] = [home(true), home(true), home(false)];
  const ranges = [slab, x, group, slab, group];
  const dispatches = dispatchesOf([work([[0, 1, 2], 5], [[0, 1, 3], 7], [[3, 1, 4], 9])], ranges, limits);
  expect(dispatches.map(({ table, variant }) => [table[0], table[1], variant.several])).toEqual([
    [2, 14, true],
    [1, 7, false],
  ]);
  expect([dispatches[0]!.table[4], dispatches[0]!.table[8]]).toEqual([0, 5]); // first workgroups
});

test("the words of a slot are known where it has a buffer of its own and there is one instance", () => {
  const [slab, x, y] = [home(true), home(false), home(false)];
  const words = [64, undefined, 32];
  const sized = (...memories: readonly (readonly number[])[]): Work => ({
    source,
    guard: undefined,
    instances: memories.map((m) => ({ memories: m, words, groups: 1, scalars: [10] })),
  });
  const wordsOf = (work: Work) =>
    dispatchesOf([work], [slab, x, y], limits).map(({ variant }) => variant.places.map((place) => place.words));
  expect(wordsOf(sized([1, 1, 2]))).toEqual([[64, undefined, 32]]);
  expect(wordsOf(sized([0, 1, 2]))).toEqual([[undefined, undefined, 32]]);
  expect(wordsOf(sized([1, 1, 2], [1, 1, 2]))).toEqual([[undefined, undefined, undefined]]);
});

test("a table that is too long for a binding is divided, and workgroups beyond one axis go along two", () => {
  const x = home(false);
  const many = Array.from({ length: 20 }, () => [[0, 0, 0], 60] as const);
  const dispatches = dispatchesOf([work(...many)], [x], limits);
  // 256 bytes are 16 vectors: one for the header, one for each of at most 15 instances, in powers of 2
  expect(dispatches.map(({ table, x, y }) => [table.length / 4, table[0], x, y])).toEqual([
    [16, 15, 100, 9],
    [8, 5, 100, 3],
  ]);
});
