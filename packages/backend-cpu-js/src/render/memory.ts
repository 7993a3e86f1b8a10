import { type DType, dtypes } from "@tenon/ir";
import { rare } from "../parts.ts";
import { isVector, LANES, type Lanes } from "./arithmetic.ts";
import type { Instruction, Node } from "./tape.ts";

/** Where an element is: a byte address, and a constant on top of it that the instruction adds. */
export interface Place {
  readonly pointer: Node;
  readonly offset: number;
}

interface Access {
  readonly load: Instruction;
  readonly store: Instruction;
  /** Four elements, side by side, widened to 32 bits by one instruction or by several. */
  readonly vector: readonly Instruction[];
}

const bytes = (sign: "s" | "u"): Access => ({
  load: `i32.load8_${sign}`,
  store: "i32.store8",
  vector: ["v128.load32_zero", `i16x8.extend_low_i8x16_${sign}`, `i32x4.extend_low_i16x8_${sign}`],
});

const shorts = (sign: "s" | "u"): Access => ({
  load: `i32.load16_${sign}`,
  store: "i32.store16",
  vector: [`v128.load16x4_${sign}`],
});

const words: Access = { load: "i32.load", store: "i32.store", vector: ["v128.load"] };

const accesses: Readonly<Partial<Record<DType, Access>>> = {
  bool: bytes("u"),
  int8: bytes("s"),
  uint8: bytes("u"),
  int16: shorts("s"),
  uint16: shorts("u"),
  float16: shorts("u"),
  bfloat16: shorts("u"),
  int32: words,
  uint32: words,
  float32: { ...words, load: "f32.load", store: "f32.store" },
  float64: { ...words, load: "f64.load", store: "f64.store" },
};

export const accessOf = (dtype: DType): Access => accesses[dtype]!;

export const sizeOf = (dtype: DType): number => dtypes[dtype].byteLength;

/** One element, widened to the type in which kernels compute. */
export function loadOne(lanes: Lanes, dtype: DType, { pointer, offset }: Place): Node {
  const raw = lanes.tape.read(accessOf(dtype).load, [pointer], offset);
  return widen(lanes, dtype, raw);
}

/** Four elements side by side. */
export function loadVector(lanes: Lanes, dtype: DType, { pointer, offset }: Place): Node {
  const [first, ...rest] = accessOf(dtype).vector;
  const raw = lanes.tape.read(first!, [pointer], offset);
  return widen(
    lanes,
    dtype,
    rest.reduce((x, op) => lanes.tape.pure(op, [x]), raw),
  );
}

/** From the bits in memory to the value. */
export function widen(lanes: Lanes, dtype: DType, raw: Node): Node {
  if (dtype === "float16") return rare.now.halfToFloat(lanes, raw);
  if (dtype === "bfloat16") return rare.now.brainToFloat(lanes, raw);
  return dtype === "bool" && isVector(raw) ? lanes.apply("ne", "int32", raw, lanes.i32(0)) : raw;
}

/** From the value to the bits in memory, in the low part of each lane. */
export function narrow(lanes: Lanes, dtype: DType, value: Node): Node {
  if (dtype === "float16") return rare.now.floatToHalf(lanes, value);
  if (dtype === "bfloat16") return rare.now.floatToBrain(lanes, value);
  return dtype === "bool" && isVector(value) ? lanes.bits("and", value, lanes.i32(1), "int32") : value;
}

export function storeOne(lanes: Lanes, dtype: DType, { pointer, offset }: Place, value: Node): void {
  lanes.tape.store(accessOf(dtype).store, [pointer, narrow(lanes, dtype, value)], offset);
}

/** The low 2 bytes of each lane, or the low byte, side by side. */
const LOW_BYTES: Readonly<Record<number, readonly number[]>> = {
  1: [0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12],
  2: [0, 1, 4, 5, 8, 9, 12, 13, 0, 1, 4, 5, 8, 9, 12, 13],
};

export function storeVector(lanes: Lanes, dtype: DType, { pointer, offset }: Place, value: Node): void {
  const { tape } = lanes;
  const raw = narrow(lanes, dtype, value);
  const size = sizeOf(dtype);
  const low = LOW_BYTES[size];
  if (low === undefined) tape.store("v128.store", [pointer, raw], offset);
  else {
    const packed = tape.pure("i8x16.shuffle", [raw, raw], low);
    tape.store(size === 1 ? "v128.store32_lane" : "v128.store64_lane", [pointer, packed], 0, offset);
  }
}

/** Stores the lanes one after the other, each where `wanted` allows it. */
export function storeEach(
  lanes: Lanes,
  dtype: DType,
  places: readonly Place[],
  value: Node,
  wanted: ((lane: number) => Node) | undefined,
): void {
  const { tape } = lanes;
  const raw = narrow(lanes, dtype, value);
  const size = sizeOf(dtype);
  const op = `v128.store${(8 * size) as 32}_lane` as const;
  for (const [lane, { pointer, offset }] of places.entries()) {
    const store = () => tape.store(op, [pointer, raw], (lane * LANES) / size, offset);
    if (wanted === undefined) store();
    else tape.if(wanted(lane), store);
  }
}
