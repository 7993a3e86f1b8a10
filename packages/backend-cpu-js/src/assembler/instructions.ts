import type { ValueType } from "./types.ts";

/**
 * What an instruction carries besides its operands: `memory` an offset, `lane` the index of a lane, `memory lane` both, `shuffle`
 * sixteen bytes of two vectors, a value type a constant of it; `zero` and `zeros` nothing to say, since there is one memory.
 */
export type Immediate = "memory" | "lane" | "memory lane" | "shuffle" | "zero" | "zeros" | ValueType;

/**
 * Instructions with the same operands, result and immediates, whose opcodes follow each other. A prefix of opcodes stands
 * before `_`; a `_` among the names stands for one that nothing here needs.
 */
export type Family = readonly [
  opcode: number,
  namespace: string,
  operands: string,
  result: string,
  names: string,
  immediate?: Immediate,
];

const integerComparisons = "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u";
const integerArithmetic = "add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr";
const floatComparisons = "eq ne lt gt le ge";
const floatFunctions = "abs neg ceil floor trunc nearest sqrt";
const floatArithmetic = "add sub mul div min max copysign";
const vectorArithmetic = "add sub mul div min max pmin pmax";

/**
 * Every instruction that computes, once, by its name in the text format. Opcodes are those of the WebAssembly core
 * specification 3.0, section 5.4 (fixed-width and relaxed SIMD included), and of its threads proposal.
 */
export const families = [
  // Constants
  [0x41, "i32", "", "i32", "const", "i32"],
  [0x42, "i64", "", "i64", "const", "i64"],
  [0x43, "f32", "", "f32", "const", "f32"],
  [0x44, "f64", "", "f64", "const", "f64"],
  [0xfd_000c, "v128", "", "v128", "const", "v128"],

  // Memory
  [0x28, "i32", "i32", "i32", "load", "memory"],
  [0x29, "i64", "i32", "i64", "load", "memory"],
  [0x2a, "f32", "i32", "f32", "load", "memory"],
  [0x2b, "f64", "i32", "f64", "load", "memory"],
  [0x2c, "i32", "i32", "i32", "load8_s load8_u load16_s load16_u", "memory"],
  [0x36, "i32", "i32 i32", "", "store", "memory"],
  [0x37, "i64", "i32 i64", "", "store", "memory"],
  [0x38, "f32", "i32 f32", "", "store", "memory"],
  [0x39, "f64", "i32 f64", "", "store", "memory"],
  [0x3a, "i32", "i32 i32", "", "store8 store16", "memory"],
  [0xfd_0000, "v128", "i32", "v128", "load", "memory"],
  [0xfd_0003, "v128", "i32", "v128", "load16x4_s load16x4_u", "memory"],
  [0xfd_0009, "v128", "i32", "v128", "load32_splat load64_splat", "memory"],
  [0xfd_005c, "v128", "i32", "v128", "load32_zero", "memory"],
  [0xfd_000b, "v128", "i32 v128", "", "store", "memory"],
  [0xfd_0056, "v128", "i32 v128", "v128", "load32_lane", "memory lane"],
  [0xfd_0058, "v128", "i32 v128", "", "store8_lane store16_lane store32_lane store64_lane", "memory lane"],
  [0x3f, "memory", "", "i32", "size", "zero"],
  [0xfc_000a, "memory", "i32 i32 i32", "", "copy", "zeros"],
  [0xfc_000b, "memory", "i32 i32 i32", "", "fill", "zero"],

  // Single values
  [0x45, "i32", "i32", "i32", "eqz"],
  [0x46, "i32", "i32 i32", "i32", integerComparisons],
  [0x6a, "i32", "i32 i32", "i32", integerArithmetic],
  [0x51, "i64", "i64 i64", "i32", integerComparisons],
  [0x7c, "i64", "i64 i64", "i64", integerArithmetic],
  [0x5b, "f32", "f32 f32", "i32", floatComparisons],
  [0x8b, "f32", "f32", "f32", floatFunctions],
  [0x92, "f32", "f32 f32", "f32", floatArithmetic],
  [0x61, "f64", "f64 f64", "i32", floatComparisons],
  [0x99, "f64", "f64", "f64", floatFunctions],
  [0xa0, "f64", "f64 f64", "f64", floatArithmetic],
  [0xb2, "f32", "i32", "f32", "convert_i32_s convert_i32_u"],
  [0xb6, "f32", "f64", "f32", "demote_f64"],
  [0xb7, "f64", "i32", "f64", "convert_i32_s convert_i32_u"],
  [0xbb, "f64", "f32", "f64", "promote_f32"],
  [0xbc, "i32", "f32", "i32", "reinterpret_f32"],
  [0xbd, "i64", "f64", "i64", "reinterpret_f64"],
  [0xbe, "f32", "i32", "f32", "reinterpret_i32"],
  [0xfc_0000, "i32", "f32", "i32", "trunc_sat_f32_s trunc_sat_f32_u"],
  [0xfc_0002, "i32", "f64", "i32", "trunc_sat_f64_s trunc_sat_f64_u"],

  // Vectors: bits, lanes, integers, floats
  [0xfd_004d, "v128", "v128", "v128", "not"],
  [0xfd_004e, "v128", "v128 v128", "v128", "and andnot or xor"],
  [0xfd_0052, "v128", "v128 v128 v128", "v128", "bitselect"],
  [0xfd_0053, "v128", "v128", "i32", "any_true"],
  [0xfd_000d, "i8x16", "v128 v128", "v128", "shuffle", "shuffle"],
  [0xfd_0011, "i32x4", "i32", "v128", "splat"],
  [0xfd_0013, "f32x4", "f32", "v128", "splat"],
  [0xfd_001b, "i32x4", "v128", "i32", "extract_lane", "lane"],
  [0xfd_001c, "i32x4", "v128 i32", "v128", "replace_lane", "lane"],
  [0xfd_001f, "f32x4", "v128", "f32", "extract_lane", "lane"],
  [0xfd_0020, "f32x4", "v128 f32", "v128", "replace_lane", "lane"],
  [0xfd_0087, "i16x8", "v128", "v128", "extend_low_i8x16_s _ extend_low_i8x16_u"],
  [0xfd_0037, "i32x4", "v128 v128", "v128", integerComparisons],
  [0xfd_00a0, "i32x4", "v128", "v128", "abs neg"],
  [0xfd_00a3, "i32x4", "v128", "i32", "all_true"],
  [0xfd_00a7, "i32x4", "v128", "v128", "extend_low_i16x8_s _ extend_low_i16x8_u"],
  [0xfd_00ab, "i32x4", "v128 i32", "v128", "shl shr_s shr_u"],
  [0xfd_00ae, "i32x4", "v128 v128", "v128", "add _ _ sub _ _ _ mul min_s min_u max_s max_u"],
  [0xfd_00de, "i64x2", "v128 v128", "v128", "extmul_low_i32x4_u extmul_high_i32x4_u"],
  [0xfd_0041, "f32x4", "v128 v128", "v128", floatComparisons],
  [0xfd_0067, "f32x4", "v128", "v128", "ceil floor trunc nearest"],
  [0xfd_00e0, "f32x4", "v128", "v128", "abs neg _ sqrt"],
  [0xfd_00e4, "f32x4", "v128 v128", "v128", vectorArithmetic],
  [0xfd_00f0, "f64x2", "v128 v128", "v128", vectorArithmetic],
  [0xfd_00f8, "i32x4", "v128", "v128", "trunc_sat_f32x4_s trunc_sat_f32x4_u"],
  [0xfd_00fa, "f32x4", "v128", "v128", "convert_i32x4_s convert_i32x4_u"],

  // Relaxed vectors: each may answer as its processor finds quickest
  [0xfd_0101, "i32x4", "v128", "v128", "relaxed_trunc_f32x4_s"],
  [0xfd_0105, "f32x4", "v128 v128 v128", "v128", "relaxed_madd"],
  [0xfd_010b, "i32x4", "v128 v128 v128", "v128", "relaxed_laneselect"],

  // Threads
  [0xfe_0000, "memory", "i32 i32", "i32", "atomic.notify", "memory"],
  [0xfe_0001, "memory", "i32 i32 i64", "i32", "atomic.wait32", "memory"],
  [0xfe_0010, "i32", "i32", "i32", "atomic.load", "memory"],
  [0xfe_0017, "i32", "i32 i32", "", "atomic.store", "memory"],
  [0xfe_001e, "i32", "i32 i32", "i32", "atomic.rmw.add", "memory"],
] as const satisfies readonly Family[];

type AnyFamily = (typeof families)[number];

/** `"v128 i32"` as `["v128", "i32"]`. */
export type Words<S extends string> = S extends ""
  ? []
  : S extends `${infer First} ${infer Rest}`
    ? [First, ...Words<Rest>]
    : [S];

/** The namespaces of instructions. */
export type Namespace = AnyFamily[1];
/** The families of one. */
export type FamiliesOf<N extends Namespace> = Extract<AnyFamily, readonly [number, N, ...unknown[]]>;
/** What instructions of a family are called in their namespace. */
export type MethodOf<F extends Family> = Exclude<Words<F[4]>[number], "_">;
/** `i32.add` and so on. */
export type InstructionName = { [N in Namespace]: `${N}.${MethodOf<FamiliesOf<N>>}` }[Namespace];

/** An instruction of the table, ready to be written. */
export interface Instruction {
  readonly name: string;
  readonly namespace: string;
  readonly opcode: number;
  readonly params: readonly ValueType[];
  readonly result: ValueType | undefined;
  readonly immediate: Immediate | undefined;
  /** Bytes that it moves, or of a lane. */
  readonly bytes: number;
}

/** Every instruction of the table by its name. */
export const instructions: ReadonlyMap<string, Instruction> = new Map(
  (families as readonly Family[]).flatMap(([first, namespace, operands, result, names, immediate]) =>
    names.split(" ").flatMap((method, i): readonly (readonly [string, Instruction])[] => {
      if (method === "_") return [];
      const name = `${namespace}.${method}`;
      const params = operands === "" ? [] : operands.split(" ");
      const type = { params, result: result || undefined } as Pick<Instruction, "params" | "result">;
      return [[name, { ...type, name, namespace, opcode: first + i, immediate, bytes: bytesOf(namespace, method) }]];
    }),
  ),
);

/** 2 for `load16_s`, 8 for `load16x4_u`; where the method has no number all of the type, 16 for `v128.load`, 4 for `f32x4.…` */
function bytesOf(namespace: string, method: string): number {
  const [, bits, count = 1] = /^[a-z]+(\d+)(?:x(\d+))?/.exec(method) ?? /\D(\d+)/.exec(namespace) ?? [0, 32];
  return (Number(bits) * Number(count)) / 8;
}
