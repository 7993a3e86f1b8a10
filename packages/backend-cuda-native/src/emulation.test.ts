import { constantIndex, type Slot } from "@tenon/lowering";
import { expect } from "vitest";
import { Memory } from "../../lowering/src/kernel/evaluate-memory.test-kit.ts";
import { kernelSource } from "./cuda/source.ts";
import { outcomesOf, testEmulated } from "./emulation.test-kit.ts";

const THREADS = 40; // a warp and a part of one
const slot = (access: Slot["access"]): Slot => ({ name: access, dtype: "float32", access });

/** Two blocks, and two slots with an element for each thread. */
const kernel = (body: string) =>
  kernelSource({
    ...{ name: "test", threads: THREADS, groups: constantIndex(2), scalars: [] },
    declarations: `TENON_SHARED(float, part, ${THREADS});`,
    body: `const int i = group * ${THREADS} + thread;\nconst unsigned all = thread < 32 ? ~0u : 255u;\n${body}`,
    slots: [slot("read"), slot("both")],
  });

const first = Array.from({ length: 2 * THREADS }, (_, i) => i + 1);

const outcomes = (bodies: readonly string[]) =>
  outcomesOf(
    bodies.map((body) => ({
      source: kernel(body),
      memories: [first, first.map(() => 0)].map((data) => new Memory("float32", Float64Array.from(data))),
      scalars: [],
    })),
  );

const wrong = [
  ["s1[i] = s0[i + 1];", /^an access outside of the allocation at element 80 by thread 39 of block 1$/],
  ["s1[i / 2] = s0[i];", /^two threads write at element \d+ by thread \d+ of block 0$/],
  ["s1[i] = s1[(i + 1) % 80];", /^a read races with a write at/],
  ["s1[i] = s1[(i + 79) % 80];", /^a write races with a read at/],
  ["if (thread % 5 < 3) s1[i] = s1[i / 5 * 5 + 1];", /^a write races with a read at/],
  ["part[thread] = s0[i];\ns1[i] = part[39 - thread];", /^a (write races with a read|read races with a write) at/],
  ["part[thread + 1] = 0.0f;", /^an access outside of shared memory at element 40 by/],
  ["if (thread < 4) __syncthreads();", /^some threads are at a barrier and others have returned/],
  ["if (thread < 4)\n__syncthreads();\nelse\n__syncthreads();", /^threads are at different barriers/],
  [
    "part[thread] = 1.0f;\n__syncwarp(all);\ns1[i] = part[39 - thread];",
    /^a (write races with a read|read races with a write) at/,
  ],
  [
    "part[thread] = 1.0f;\n__syncwarp(1u << thread % 32);\ns1[i] = part[thread ^ 1];",
    /^a (write races with a read|read races with a write) at/,
  ],
  ["s1[i] = __shfl_xor_sync(~0u, s0[i] + 0.0f, 1);", /^some lanes of a warp wait for others that do not come/],
  ["if (thread != 3) s1[i] = __shfl_xor_sync(all, s0[i] + 0.0f, 4);", /^some lanes of a warp wait for others/],
  ["if (thread != 3) __syncwarp(all); else __syncthreads();", /^some lanes of a warp wait for others/],
  [
    "if (thread < 4) s1[i] = __shfl_down_sync(15u, s0[i] + 0.0f, 2);",
    /^a shuffle reads from a lane that takes no part/,
  ],
  ["s1[i] = __shfl_sync(1u, s0[i] + 0.0f, 0);", /^a lane is not in its own mask by/],
  ["if (thread == 3) __syncwarp(all); else __ballot_sync(all, true);", /^lanes of a warp meet for different things/],
  [
    "if (thread == 0) s1[0] = 1.0f; else atomicAdd(&s1[0], 1.0f);",
    /^a write races with a read|^two threads write at element 0/,
  ],
  ["atomicAdd(&s1[0], 1.0f);\ns1[i / 2 * 2] = s1[0];", /^an atomic operation races with a (read|write) at element 0/],
  ["atomicAdd(part + 40, 1.0f);", /^an access outside of shared memory at element 40/],
  // a copy that is waited for behind the barrier has begun before it
  [
    "TENON_TILES(tiles, 160);\ns1[i] = tenon_float(tiles[thread * 4]);\ntenon_copy_four(tiles, 156 - thread * 4, s0, 0, false);\n__syncthreads();\ntenon_wait_copies();",
    /^a (write races with a read|read races with a write) at/,
  ],
] as const;

const each = (of: (i: number) => number): number[] => first.map((_, i) => of(i));
/** The sum of what a warp has in the first slot. */
const sumOf = (i: number): number => {
  const lane = i % THREADS;
  const from = i - (lane % 32);
  return first.slice(from, from + (lane < 32 ? 32 : 8)).reduce((a, b) => a + b);
};

const right = [
  [
    "part[thread] = s0[i];\n__syncthreads();\ns1[i] = part[39 - thread];",
    each((i) => first[i - (i % 40) + 39 - (i % 40)]!),
  ],
  ["part[thread] = s0[i];\n__syncwarp(all);\ns1[i] = part[thread ^ 1];", each((i) => first[i ^ 1]!)],
  [
    "float sum = s0[i];\nfor (int half = thread < 32 ? 16 : 4; half > 0; half /= 2) sum += __shfl_xor_sync(all, sum, half);\ns1[i] = sum;",
    each(sumOf),
  ],
  ["s1[i] = __shfl_down_sync(all, s0[i] + 0.0f, 3, 8);", each((i) => first[i % 8 < 5 ? i + 3 : i]!)],
  ["s1[i] = __shfl_up_sync(all, s0[i] + 0.0f, 3, 8);", each((i) => first[i % 8 >= 3 ? i - 3 : i]!)],
  ["s1[i] = __shfl_sync(all, s0[i] + 0.0f, 5, 8);", each((i) => first[i - (i % 8) + 5]!)],
  ["s1[i] = __ballot_sync(all, thread % 4 == 1) & 255u;", each(() => 0x22)],
  [
    "if (__all_sync(all, thread < 32) && !__any_sync(all, thread > 31)) s1[i] = 1.0f;",
    each((i) => Number(i % 40 < 32)),
  ],
  ["atomicAdd(&s1[group], s0[i]);", each((i) => (i > 1 ? 0 : i === 0 ? 820 : 2420))],
  [
    "part[thread] = 0.0f;\n__syncthreads();\natomicMax(&part[thread % 2], s0[i] + 0.0f);\n__syncthreads();\ns1[i] = part[thread % 2];",
    each((i) => first[i - (i % 40) + 38 + (i % 2)]!),
  ],
] as const;

testEmulated("what a kernel does wrong is told with its place", { timeout: 60_000 }, () => {
  const found = outcomes(wrong.map(([body]) => body));
  for (const [i, [body, fault]] of wrong.entries()) expect(found[i]!.fault, body).toMatch(fault);
});

testEmulated("barriers, shuffles, votes and atomic operations are those of a device", { timeout: 60_000 }, () => {
  const found = outcomes(right.map(([body]) => body));
  for (const [i, [body, expected]] of right.entries()) {
    expect(found[i]!.fault, body).toBe("");
    expect([...found[i]!.memories[1]!.data], body).toEqual(expected);
  }
});
