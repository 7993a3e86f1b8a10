import { createHash } from "node:crypto";
import type { DType } from "@tenon/ir";
import type { Index, IndexVariable, Slot } from "@tenon/lowering";
import { elementOf } from "./element.ts";
import { functionsFor } from "./functions.ts";

/** A kernel in CUDA C. Where its buffers lie and what its scalars are stands in a table, so that it need not be made anew. */
export interface KernelSource {
  /** Of the ops it came from, for people. */
  readonly name: string;
  /** The function's name: that of its text. */
  readonly symbol: string;
  readonly text: string;
  /** Threads of a block, and how many blocks there are, in the kernel's scalars. */
  readonly threads: number;
  readonly groups: Index;
  readonly scalars: readonly IndexVariable[];
  readonly slots: readonly { readonly dtype: DType; readonly access: Slot["access"] }[];
}

export interface KernelBody extends Pick<KernelSource, "name" | "threads" | "groups" | "scalars"> {
  readonly slots: readonly Slot[];
  /** Arrays that the threads of a block share. */
  readonly declarations: string;
  readonly body: string;
}

/*
 * A row of a kernel's table has 64-bit words: the number of the instance's first block, the address of the cell that must hold
 * 1 or 0 where it runs in any case, the address of each slot, then each scalar. A kernel is given the table and the number of
 * its rows.
 */

/** Words of a row before the slots. */
const HEAD = 2;

/** Words of a row. */
export const rowWords = ({ slots, scalars }: Pick<KernelSource, "slots" | "scalars">): number =>
  HEAD + slots.length + scalars.length;

/** The kernel around a body. */
export function kernelSource({ name, threads, groups, scalars, slots, declarations, body }: KernelBody): KernelSource {
  const inside = [
    "const int thread = TENON_THREAD;",
    `const tenon_word* const row = tenon_row(table, count, ${rowWords({ slots, scalars })});`,
    "if (row[1] != 0 && *(const unsigned*)row[1] == 0u) return;",
    "const int group = TENON_BLOCK - (int)row[0];",
    ...slots.map(({ dtype }, i) => `TENON_SLOT(${elementOf(dtype)}, s${i}, row[${HEAD + i}]);`),
    ...scalars.map((_, i) => `const int n${i} = (int)row[${HEAD + slots.length + i}];`),
    ...(declarations === "" ? [] : [declarations]),
    body,
  ].join("\n");
  const symbol = `tenon_${createHash("sha256").update(`${threads}\n${inside}`).digest("hex").slice(0, 24)}`;
  const text = `// ${name.replaceAll(/[^\w .,+*@/-]/g, "?")}\nTENON_KERNEL(${symbol}, ${threads}) {\n${inside}\n}`;
  const kept = slots.map(({ dtype, access }) => ({ dtype, access }));
  return { name, symbol, text, threads, groups, scalars, slots: kept };
}

/** What stands at the beginning of a program, unless something else than a device has said it already. */
const prelude = `#ifndef TENON_PRELUDE
typedef unsigned long long tenon_word;
#define TENON_INLINE static __device__ __forceinline__
#define TENON_KERNEL(name, threads) \\
  extern "C" __global__ void __launch_bounds__(threads) name(const tenon_word* __restrict__ table, int count)
#define TENON_SHARED(type, name, count) __shared__ __align__(16) type name[count]
#define TENON_TILES(name, count) __shared__ __align__(1024) unsigned name[count]
#define TENON_SLOT(type, name, word) type* const name = (type*)(word)
#define TENON_THREAD ((int)threadIdx.x)
#define TENON_BLOCK ((int)blockIdx.x)
TENON_INLINE float tenon_float(unsigned bits) { return __uint_as_float(bits); }
TENON_INLINE unsigned tenon_bits(float x) { return __float_as_uint(x); }
TENON_INLINE double tenon_double(unsigned long long bits) { return __longlong_as_double((long long)bits); }
#endif`;

/** The row of a block's instance: the last one that does not begin after it. */
const findRow = `TENON_INLINE const tenon_word* tenon_row(const tenon_word* table, int count, int words) {
  int low = 0;
  for (int high = count - 1; low < high;) {
    const int middle = (low + high + 1) / 2;
    if ((int)table[(long long)middle * words] <= TENON_BLOCK) low = middle;
    else high = middle - 1;
  }
  return table + (long long)low * words;
}`;

/** A program of kernels, each once. */
export function programText(sources: readonly KernelSource[]): string {
  const kernels = [...new Map(sources.map(({ symbol, text }) => [symbol, text])).values()].join("\n\n");
  return [prelude, findRow, functionsFor(kernels), kernels, ""].join("\n\n");
}
