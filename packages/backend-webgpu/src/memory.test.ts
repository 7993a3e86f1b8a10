import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWithGpu } from "./gpu.test-kit.ts";
import { type Bench, openBench } from "./recorder.test-kit.ts";
import { CELL, MAX_SMALL } from "./slab.ts";
import { copyRange } from "./transfer.ts";

const counting = (length: number, from = 0): Uint8Array => Uint8Array.from({ length }, (_, i) => (from + i) % 251);

describeWithGpu("of SwiftShader", () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench();
  });
  afterAll(() => bench.live.close());

  test("what is written anywhere, in any number of bytes, is read from anywhere", async () => {
    for (const size of [1, 3, 8, 13, 1500]) {
      const range = bench.holding(counting(size));
      const wanted = [...counting(size)];
      for (const [at, length] of [
        [0, 1],
        [1, 2],
        [2, 5],
        [3, 1],
        [size - 2, 2],
        [5, size - 5],
        [1, size - 3],
      ] as const) {
        if (at < 0 || length < 1 || at + length > size) continue;
        const data = counting(length, 100 + at);
        bench.write(range, data, at);
        wanted.splice(at, length, ...data);
        expect([...(await bench.read(range))]).toEqual(wanted);
        expect([...(await bench.read(range, at, length))]).toEqual([...data]);
      }
    }
  });

  test("no bytes are read and written", async () => {
    const range = bench.memory.alloc(0);
    bench.write(range, new Uint8Array());
    expect((await bench.read(range)).byteLength).toBe(0);
  });

  test("small ranges lie in one buffer, which keeps their contents when it grows", async () => {
    const ranges = Array.from({ length: 400 }, (_, i) => bench.holding(counting(CELL, i)));
    expect(new Set(ranges.map(({ home }) => home)).size).toBe(1);
    for (const [i, range] of ranges.entries())
      expect(Buffer.compare(await bench.read(range), counting(CELL, i))).toBe(0);
    for (const range of ranges) bench.memory.free(range);
    expect(ranges.map(({ offset }) => offset)).toContain(bench.memory.alloc(CELL).offset);
  });

  test("the large ones of a group lie in one buffer, at distances that bindings allow", async () => {
    const sizes = [5000, 8, 3000, MAX_SMALL + 1];
    const ranges = bench.memory.allocGroup(sizes);
    expect(new Set([0, 2, 3].map((i) => ranges[i]!.home)).size).toBe(1);
    expect(ranges[1]!.home).toBe(bench.memory.alloc(8).home);
    for (const [i, range] of ranges.entries()) {
      expect(range.offset % CELL).toBe(0);
      bench.write(range, counting(sizes[i]!, i));
    }
    for (const [i, range] of ranges.entries())
      expect(Buffer.compare(await bench.read(range), counting(sizes[i]!, i))).toBe(0);
  });

  test("a buffer that was given back serves the next of about its size", () => {
    const { memory } = bench;
    const one = memory.alloc(100_000);
    memory.free(one);
    const made = memory.created;
    expect(memory.alloc(99_000).home).toBe(one.home);
    expect(memory.created).toBe(made);
    expect(memory.alloc(99_000).home).not.toBe(one.home);
  });

  test("bytes are copied from buffer to buffer, and within one", async () => {
    for (const size of [10, 2000]) {
      const from = bench.holding(counting(size));
      const [to, last] = bench.memory.allocGroup([size, size]);
      copyRange(bench, from, to!);
      copyRange(bench, to!, last!);
      bench.write(from, new Uint8Array(size));
      expect([...(await bench.read(last!))]).toEqual([...counting(size)]);
    }
  });

  test("fresh memory is poisoned, small and large, new and used", async () => {
    for (const size of [7, 4000]) {
      const one = bench.memory.alloc(size);
      expect([...(await bench.read(one))].every((byte) => byte === 0xff)).toBe(true);
      bench.write(one, counting(size));
      bench.memory.free(one);
      const other = bench.memory.alloc(size);
      expect([other.home, other.offset]).toEqual([one.home, one.offset]);
      expect([...(await bench.read(other))].every((byte) => byte === 0xff)).toBe(true);
    }
  });

  test("reads of one task are one submission, and so is what they wait for", async () => {
    const ranges = [5, 6000, 7].map((size) => bench.holding(counting(size)));
    await bench.read(ranges[0]!);
    const before = bench.commands.submits;
    const read = await Promise.all(ranges.map((range) => bench.read(range)));
    expect(bench.commands.submits).toBe(before + 1);
    expect(read.map(({ byteLength }) => byteLength)).toEqual([5, 6000, 7]);
  });
});
