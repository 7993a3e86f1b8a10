import type { ByteWriter } from "./bytes.ts";
import type { Instruction } from "./instructions.ts";
import type { ValueType } from "./types.ts";

const within = (value: unknown, low: number, high: number): boolean =>
  Number.isInteger(value) && (value as number) >= low && (value as number) <= high;

/** Writes a constant of each type, or says what it ought to be. */
const constants: Readonly<Record<ValueType, (to: ByteWriter, value: any) => string | undefined>> = {
  i32(to, value: number) {
    if (!within(value, -(2 ** 31), 2 ** 32 - 1)) return "the constant is a whole number from −2³¹ to 2³² − 1";
    to.s32(value | 0);
  },
  i64(to, value: number | bigint) {
    if (typeof value !== "bigint" && !Number.isSafeInteger(value)) return "the constant is a bigint, or a whole number";
    to.s64(BigInt.asIntN(64, BigInt(value)));
  },
  f32: (to, value: number) => void to.f32(value),
  f64: (to, value: number) => void to.f64(value),
  v128(to, { buffer, byteOffset, byteLength }: ArrayBufferView) {
    if (byteLength !== 16) return "the constant is a typed array of 16 bytes";
    to.bytes(new Uint8Array(buffer, byteOffset, 16));
  },
};

/** Writes what an instruction carries, or says what it ought to be. Offsets are 0 if left out. */
export function writeImmediates(
  to: ByteWriter,
  { immediate, bytes, namespace }: Instruction,
  [first, second]: readonly unknown[],
): string | undefined {
  const offset = (value: unknown = 0): string | undefined => {
    if (!within(value, 0, 2 ** 32 - 1)) return "the offset is a whole number of bytes from 0 to 2³² − 1";
    to.u32(Math.log2(bytes), value as number); // first the alignment
  };
  const lanes = (values: readonly unknown[], count: number): string | undefined => {
    if (!values.every((lane) => within(lane, 0, count - 1))) return `a lane is a whole number from 0 to ${count - 1}`;
    to.bytes(values as readonly number[]);
  };
  switch (immediate) {
    case undefined:
      return;
    case "memory":
      return offset(first);
    case "memory lane":
      return offset(second) ?? lanes([first], 16 / bytes);
    case "lane":
      return lanes([first], Number(namespace.at(-1)));
    case "shuffle":
      return lanes(first as readonly unknown[], 32);
    case "zero":
      return void to.bytes([0]);
    case "zeros":
      return void to.bytes([0, 0]);
    default:
      return constants[immediate](to, first);
  }
}
