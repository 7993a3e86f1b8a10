/*
 * What tensor cores do, as CUDA C: PTX ISA 8.7, sections 9.7.14 "Warp Level Matrix Multiply-Accumulate Instructions" and 9.7.9 "Data Movement
 * and Conversion Instructions", with the copies of 9.7.9.25. All need sm_80. Where there is no device, `emulation/matrix.h` has functions of the same names
 * that do what that document says.
 */

/** Text that a device's compiler sees, and nobody else. */
export const onDevices = (text: string): string => `#ifndef TENON_PRELUDE\n${text}\n#endif`;

/** `c += a·b` of 16 rows, 8 columns and 32 bytes of k, by a warp: lanes have parts of all three. Sums are float32. */
function multiplyAdd(name: string, shape: string, type: string): string {
  return onDevices(`TENON_INLINE void ${name}(float* c, const unsigned* a, const unsigned* b) {
  asm volatile("mma.sync.aligned.${shape}.row.col.f32.${type}.${type}.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}`);
}

/** Two floats as a word, the first in the lower half. */
const pack = (name: string, type: string): string =>
  onDevices(`TENON_INLINE unsigned ${name}(float low, float high) {
  unsigned word;
  asm("cvt.rn.${type}.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
  return word;
}`);

/** Four matrices of 8 rows of 16 bytes: lane i says where row i % 8 of matrix i / 8 is, and gets word i % 4 of row i / 4 of each. */
const loadMatrices = onDevices(`TENON_INLINE void tenon_load_matrices(unsigned* to, const unsigned* tiles, int at) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"((unsigned)__cvta_generic_to_shared(tiles + at))
               : "memory");
}`);

/** The same, each matrix of 16-bit numbers transposed: lane i gets those of rows 2·(i % 4) and the next one in column i / 4 of each. */
const loadTransposed = onDevices(`TENON_INLINE void tenon_load_transposed(unsigned* to, const unsigned* tiles, int at) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"((unsigned)__cvta_generic_to_shared(tiles + at))
               : "memory");
}`);

/** `2^x` within 2^-22 of itself; what would be subnormal is 0 (section 9.7.3.21, "ex2"). */
const powerOfTwo = onDevices(`TENON_INLINE float tenon_power_of_two(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}`);

/** Bits of the float32 with tf32's 10 bits of fraction that is nearest, ties to even; the conversion of sm_80 breaks ties another way. */
const toTf32 = `TENON_INLINE unsigned tenon_to_tf32(float x) {
  const unsigned bits = tenon_bits(x);
  return x == x ? (bits + 0xfffu + ((bits >> 13) & 1u)) & 0xffffe000u : bits;
}`;

/** Four words at once; both sides are multiples of 16 bytes. */
const storeFour = onDevices(`TENON_INLINE void tenon_store_four(unsigned* tiles, int at, const unsigned* words) {
  *(uint4*)(tiles + at) = make_uint4(words[0], words[1], words[2], words[3]);
}`);
const loadFour = onDevices(`template <typename T>
TENON_INLINE void tenon_load_four(unsigned* words, const T* from, int at) {
  const uint4 four = *(const uint4*)(from + at);
  words[0] = four.x;
  words[1] = four.y;
  words[2] = four.z;
  words[3] = four.w;
}`);

/** So many elements at once of an array in shared memory, from a place that is a multiple of as many. */
const read = onDevices(`template <int N, typename T>
TENON_INLINE void tenon_read(T* to, const T* from, int at) {
  struct __align__(N * sizeof(T) < 16 ? N * sizeof(T) : 16) Several { T values[N]; };
  const Several several = *(const Several*)(from + at);
#pragma unroll
  for (int i = 0; i < N; i++) to[i] = several.values[i];
}`);

/** The same into shared memory, where `inside` holds, and zeros elsewhere; it goes on until it is waited for. */
const copyFour = onDevices(`template <typename T>
TENON_INLINE void tenon_copy_four(unsigned* tiles, int at, const T* from, int place, bool inside) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"((unsigned)__cvta_generic_to_shared(tiles + at)),
               "l"(from + place), "r"(inside ? 16 : 0)
               : "memory");
}`);
const waitCopies = onDevices(`TENON_INLINE void tenon_wait_copies() {
  asm volatile("cp.async.wait_all;" ::: "memory");
}`);

/** By name, the text of each function. */
export const matrixFunctions: Readonly<Record<string, () => string>> = {
  tenon_multiply_bf16: () => multiplyAdd("tenon_multiply_bf16", "m16n8k16", "bf16"),
  tenon_multiply_f16: () => multiplyAdd("tenon_multiply_f16", "m16n8k16", "f16"),
  tenon_multiply_tf32: () => multiplyAdd("tenon_multiply_tf32", "m16n8k8", "tf32"),
  tenon_pack_bf16: () => pack("tenon_pack_bf16", "bf16x2"),
  tenon_pack_f16: () => pack("tenon_pack_f16", "f16x2"),
  tenon_to_tf32: () => toTf32,
  tenon_load_matrices: () => loadMatrices,
  tenon_load_transposed: () => loadTransposed,
  tenon_power_of_two: () => powerOfTwo,
  tenon_store_four: () => storeFour,
  tenon_load_four: () => loadFour,
  tenon_read: () => read,
  tenon_copy_four: () => copyFour,
  tenon_wait_copies: () => waitCopies,
};
