import { onDevices } from "./matrix.ts";

/*
 * What four warps do together on tensor cores of sm_90a: PTX ISA 8.7, section 9.7.15, "Asynchronous Warpgroup Level Matrix
 * Instructions". Both operands are in shared memory, in lines of 64 bytes along k, whose 16 bytes change places by line ("Swizzling
 * Modes", 64-Byte). Where there is no device, `emulation/warpgroup.h` has functions of the same names.
 */

/** Columns that one instruction may have here. */
export const groupColumns = [128, 256] as const;
export type GroupColumns = (typeof groupColumns)[number];

const shapes = { bf16: ["k16", ", 0, 0"], f16: ["k16", ", 0, 0"], tf32: ["k8", ""] } as const;

/**
 * `sums += a·b` of 64 rows, so many columns and 32 bytes of k. Threads have of the 16 rows of their warp what they have with `mma`,
 * 8 columns after the other. It goes on while the threads do.
 */
function multiplyAdd(format: keyof typeof shapes, columns: GroupColumns): string {
  const count = columns / 2;
  const [depth, transposed] = shapes[format];
  const each = (make: (i: number) => string): string => Array.from({ length: count }, (_, i) => make(i)).join(", ");
  return onDevices(`TENON_INLINE void tenon_group_multiply_${format}_${columns}(float* sums, unsigned long long a, unsigned long long b) {
  asm volatile("{\\n.reg .pred add;\\nsetp.ne.b32 add, 1, 0;\\n"
               "wgmma.mma_async.sync.aligned.m64n${columns}${depth}.f32.${format}.${format} "
               "{${each((i) => `%${i}`)}}, "
               "%${count}, %${count + 1}, add, 1, 1${transposed};\\n}"
               : ${each((i) => `"+f"(sums[${i}])`)}
               : "l"(a), "l"(b));
}`);
}

/** Where elements of `tiles` are in shared memory, in bytes. */
const sharedAddress = onDevices(`TENON_INLINE unsigned tenon_shared_address(const unsigned* tiles, int at) {
  return (unsigned)__cvta_generic_to_shared(tiles + at);
}`);

/**
 * "Matrix Descriptor Format": where a matrix begins, in 16 bytes; that 8 lines lie 512 bytes from the next 8; and the 64-byte swizzle.
 * How far the matrix goes on along k means nothing with swizzled lines, and is 1.
 */
const descriptor = `TENON_INLINE unsigned long long tenon_descriptor(unsigned address) {
  return (unsigned long long)((address & 0x3ffffu) >> 4) | 1ull << 16 | (512ull >> 4) << 32 | 2ull << 62;
}`;

/** What threads have stored into shared memory is there for tensor cores, once a barrier has come after it. */
const storesFence = onDevices(`TENON_INLINE void tenon_fence_stores() {
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}`);

/** Sums as they are here are what products are added to. */
const begin = onDevices(`template <int N>
TENON_INLINE void tenon_group_begin(float (&sums)[N]) {
#pragma unroll
  for (int i = 0; i < N; i++) asm volatile("" : "+f"(sums[i])::"memory");
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}`);
const commit = onDevices(`TENON_INLINE void tenon_group_commit() {
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}`);
/** Waits for all products. */
const wait = onDevices(`template <int N>
TENON_INLINE void tenon_group_wait(float (&sums)[N]) {
  asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
#pragma unroll
  for (int i = 0; i < N; i++) asm volatile("" : "+f"(sums[i])::"memory");
}`);

/** By name, the text of each function. */
export const warpgroupFunctions: Readonly<Record<string, () => string>> = {
  ...Object.fromEntries(
    (["bf16", "f16", "tf32"] as const).flatMap((format) =>
      groupColumns.map((n) => [`tenon_group_multiply_${format}_${n}`, () => multiplyAdd(format, n)]),
    ),
  ),
  tenon_shared_address: () => sharedAddress,
  tenon_descriptor: () => descriptor,
  tenon_fence_stores: () => storesFence,
  tenon_group_begin: () => begin,
  tenon_group_commit: () => commit,
  tenon_group_wait: () => wait,
};
