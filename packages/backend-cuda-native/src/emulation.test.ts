import { constantIndex, type Slot } from "@tenon/lowering";
import { expect } from "vitest";
import { Memory } from "../../lowering/src/kernel/evaluate-memory.test-kit.ts";
import { kernelSource } from "./cuda/source.ts";
import { outcomesOf, testEmulated } from "./emulation.test-kit.ts";

const slot = (access: Slot["access"]): Slot => ({ name: access, dtype: "float32", access });

/** 8 threads in each of 2 blocks, and two slots of 16 elements. */
const kernel = (body: string, declarations: string) =>
  kernelSource({
    ...{ name: "test", threads: 8, groups: constantIndex(2), scalars: [], declarations, body },
    slots: [slot("read"), slot("both")],
  });

const shared = "TENON_SHARED(float, part, 8);";
const at = "const int i = group * 8 + thread;";

const wrong = [
  [`${at}\ns1[i] = s0[i + 1];`, /^an access outside of the allocation at element 16 by thread 7 of block 1$/],
  [`${at}\ns1[i / 2] = s0[i];`, /^two threads write at element \d+ by thread \d of block 0$/],
  [`${at}\ns1[i] = s1[(i + 1) % 16];`, /^a read races with a write at/],
  [`${at}\ns1[i] = s1[(i + 15) % 16];`, /^a write races with a read at/],
  ["part[thread] = s0[thread];\ns1[group * 8 + thread] = part[7 - thread];", /^a write races with a read at/],
  ["part[thread + 1] = 0.0f;", /^an access outside of shared memory at element 8/],
  ["if (thread < 4) __syncthreads();", /^some threads are at a barrier and others have returned/],
] as const;

const reversed = "part[thread] = s0[group * 8 + thread];\n__syncthreads();\ns1[group * 8 + thread] = part[7 - thread];";

testEmulated(
  "what a kernel does wrong is told with its place, and what it does right is computed",
  { timeout: 60_000 },
  () => {
    const first = Float64Array.from({ length: 16 }, (_, i) => i);
    const launches = [...wrong.map(([body]) => body), reversed].map((body) => ({
      source: kernel(body, shared),
      memories: [new Memory("float32", first), new Memory("float32", new Float64Array(16))],
      scalars: [],
    }));
    const outcomes = outcomesOf(launches);
    for (const [i, [body, fault]] of wrong.entries()) expect(outcomes[i]!.fault, body).toMatch(fault);
    expect(outcomes.at(-1)!.fault).toBe("");
    expect([...outcomes.at(-1)!.memories[1]!.data]).toEqual([7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8]);
  },
);
