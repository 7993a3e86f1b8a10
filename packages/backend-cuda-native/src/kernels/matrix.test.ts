import { constantIndex } from "@tenon/lowering";
import { expect } from "vitest";
import { Memory } from "../../../lowering/src/kernel/evaluate-memory.test-kit.ts";
import { kernelSource } from "../cuda/source.ts";
import { emulated, testEmulated } from "../emulation.test-kit.ts";
import { judgeProducts, tiles } from "./matrix.test-kit.ts";

testEmulated("products by tensor cores are those of rounded factors in float64", { timeout: 120_000 }, () => {
  judgeProducts(5, tiles.length);
});

/*
 * What lane `lane` has in the element number `i` of its part of each matrix, as PTX ISA 8.7 has it in 9.7.14.5, "Matrix Fragments for
 * mma.m16n8k16 with floating point type" and "… for mma.m16n8k8".
 */
const fragments = {
  bf16: {
    depth: 16,
    a: "(i < 2 || (i >= 4 && i < 6) ? lane / 4 : lane / 4 + 8) * 16 + (i < 4 ? lane % 4 * 2 + i % 2 : lane % 4 * 2 + i % 2 + 8)",
    b: "(i < 2 ? lane % 4 * 2 + i % 2 : lane % 4 * 2 + i % 2 + 8) * 8 + lane / 4",
  },
  tf32: {
    depth: 8,
    a: "(i == 0 || i == 2 ? lane / 4 : lane / 4 + 8) * 8 + (i < 2 ? lane % 4 : lane % 4 + 4)",
    b: "(i == 0 ? lane % 4 : lane % 4 + 4) * 8 + lane / 4",
  },
} as const;
const ofSum = "(i < 2 ? lane / 4 : lane / 4 + 8) * 8 + lane % 4 * 2 + i % 2";

testEmulated("lanes have the elements of matrices that PTX says", { timeout: 60_000 }, () => {
  const launches = (["bf16", "tf32"] as const).map((name) => {
    const { depth, a, b } = fragments[name];
    const inWord = depth / 8;
    const word = (from: string): string =>
      inWord === 1 ? `tenon_bits(${from}[w])` : `tenon_pack_bf16(${from}[2 * w], ${from}[2 * w + 1])`;
    const body = `const int lane = thread;
float x[${4 * inWord}], y[${2 * inWord}], sums[4] = {0, 0, 0, 0};
for (int i = 0; i < ${4 * inWord}; i++) x[i] = s0[${a}];
for (int i = 0; i < ${2 * inWord}; i++) y[i] = s1[${b}];
unsigned p[4], q[2];
for (int w = 0; w < 4; w++) p[w] = ${word("x")};
for (int w = 0; w < 2; w++) q[w] = ${word("y")};
tenon_multiply_${name}(sums, p, q);
for (int i = 0; i < 4; i++) s2[${ofSum}] = sums[i];`;
    const slot = (access: "read" | "write") => ({ name: "matrix", dtype: "float32", access }) as const;
    const source = kernelSource({
      ...{ name, threads: 32, groups: constantIndex(1), scalars: [], declarations: "", body },
      slots: [slot("read"), slot("read"), slot("write")],
    });
    // numbers of which each is another one, and exact in 8 bits
    const numbers = (count: number, first: number): Memory =>
      new Memory(
        "float32",
        Float64Array.from({ length: count }, (_, i) => first + i),
      );
    return { source, memories: [numbers(16 * depth, 0), numbers(depth * 8, 1), numbers(128, 0)], scalars: [], depth };
  });
  for (const [i, [x, y, product]] of emulated(launches).entries()) {
    const { depth } = launches[i]!;
    const expected = Array.from({ length: 128 }, (_, at) =>
      Array.from(
        { length: depth },
        (_, k) => x!.data[Math.floor(at / 8) * depth + k]! * y!.data[k * 8 + (at % 8)]!,
      ).reduce((sum, term) => sum + term),
    );
    expect([...product!.data]).toEqual(expected);
  }
});
