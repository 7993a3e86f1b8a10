import fc from "fast-check";
import { expect, test } from "vitest";
import { ALIGN, type Block, GUARD, Memory } from "./memory.ts";
import { WatchedMemory } from "./watched-memory.ts";

test("blocks lie apart, at multiples of a cache line, whatever is given back in whatever order", () => {
  const sizes = fc.oneof(fc.nat({ max: 200 }), fc.nat({ max: 100_000 }));
  fc.assert(
    fc.property(fc.array(fc.tuple(sizes, fc.nat(), fc.boolean()), { maxLength: 100 }), (calls) => {
      const memory = new Memory();
      const live: Block[] = [];
      for (const [bytes, which, release] of calls) {
        if (release && live.length > 0) memory.free(live.splice(which % live.length, 1)[0]!);
        else live.push(memory.alloc(bytes));
        const order = live.toSorted((a, b) => a.address - b.address);
        for (const [i, { address, bytes: length }] of order.entries()) {
          expect(address % ALIGN).toBe(0);
          expect(address).toBeGreaterThan(0);
          const end = i + 1 < order.length ? order[i + 1]!.address : memory.bytes.length;
          expect(address + length + GUARD).toBeLessThanOrEqual(end);
        }
      }
    }),
    { numRuns: 50 },
  );
});

test("memory that is given back is used again, and gaps become one", () => {
  const memory = new Memory();
  const large = memory.alloc(1_000_000);
  const size = memory.bytes.length;
  memory.free(large);
  const small = Array.from({ length: 900 }, () => memory.alloc(1000));
  for (const i of [...small.keys()].filter((i) => i % 2 === 0)) memory.free(small[i]!);
  for (const i of [...small.keys()].filter((i) => i % 2 === 1)) memory.free(small[i]!);
  expect(memory.alloc(1_000_000).address).toBe(large.address);
  expect(memory.bytes.length).toBe(size);
});

test("contents stay when the memory grows", () => {
  const memory = new Memory();
  const block = memory.alloc(8);
  memory.view(block).fill(7);
  memory.alloc(10_000_000);
  expect([...memory.view(block)]).toEqual([7, 7, 7, 7, 7, 7, 7, 7]);
});

test("poison is in what is fresh and in what was given back; what is written behind a block is found", () => {
  const memory = new WatchedMemory({ poison: true, sentinels: true });
  const block = memory.alloc(8);
  expect(memory.view(block)).toEqual(new Uint8Array(8).fill(0xff));
  const view = memory.view(block).fill(1);
  memory.end("main");
  memory.bytes[block.address + 9] = 1;
  expect(() => memory.end("main")).toThrowErrorMatchingInlineSnapshot(
    "[BackendError E541 main: the run wrote 2 bytes behind the end of 8 bytes.]",
  );
  memory.end("main");
  memory.free(block);
  expect(view).toEqual(new Uint8Array(8).fill(0xff));
});

test("memory that nobody has is a typed error, and what is smaller can still be had", () => {
  const memory = new Memory();
  memory.alloc(2 ** 31 - 1);
  expect(() => {
    memory.alloc(2 ** 31 - 1);
    memory.alloc(2 ** 31 - 1);
  }).toThrowErrorMatchingInlineSnapshot(`
    [LimitError E540 alloc: there is no memory left for 2147483712 bytes beside 2147549184.
      fix: release what is not needed any more, or use a smaller batch.]
  `);
  expect(memory.alloc(1000).bytes).toBe(1000);
});
