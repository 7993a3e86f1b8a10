import type { ByteWriter } from "./bytes.ts";
import type { Instruction } from "./instructions.ts";
import type { ValueType } from "./types.ts";

/** Told what an immediate ought to be. */
type Refuse = (problem: string) => void;

const within = (value: unknown, low: number, high: number): boolean =>
  Number.isInteger(value) && (value as number) >= low && (value as number) <= high;

/** Writes a constant of each type. */
const constants: Readonly<Record<ValueType, (to: ByteWriter, value: any, refuse: Refuse) => void>> = {
  i32(to, value: number, refuse) {
    if (!within(value, -(2 ** 31), 2 ** 32 - 1)) refuse("the constant is a whole number from −2³¹ to 2³² − 1");
    to.s32(value | 0);
  },
  i64(to, value: number | bigint, refuse) {
    if (typeof value !== "bigint" && !Number.isSafeInteger(value))
      refuse("the constant is a bigint, or a whole number");
    to.s64(BigInt.asIntN(64, BigInt(value)));
  },
  f32: (to, value: number) => to.f32(value),
  f64: (to, value: number) => to.f64(value),
  v128(to, { buffer, byteOffset, byteLength }: ArrayBufferView, refuse) {
    if (byteLength !== 16) refuse("the constant is a typed array of 16 bytes");
    to.bytes(new Uint8Array(buffer, byteOffset, 16));
  },
};

/** Writes what an instruction carries; `refuse` throws. Offsets are 0 if left out. */
export function writeImmediates(
  to: ByteWriter,
  { immediate, bytes, namespace }: Instruction,
  [first, second]: readonly unknown[],
  refuse: Refuse,
): void {
  const offset = (value: unknown = 0): void => {
    if (!within(value, 0, 2 ** 32 - 1)) refuse("the offset is a whole number of bytes from 0 to 2³² − 1");
    to.u32(Math.log2(bytes), value as number); // first the alignment
  };
  const lanes = (values: readonly unknown[], count: number): void => {
    if (!values.every((lane) => within(lane, 0, count - 1))) refuse(`a lane is a whole number from 0 to ${count - 1}`);
    to.bytes(values as readonly number[]);
  };
  if (immediate === undefined) return;
  if (immediate === "memory") offset(first);
  else if (immediate === "memory lane") {
    offset(second);
    lanes([first], 16 / bytes);
  } else if (immediate === "lane") lanes([first], Number(namespace.at(-1)));
  else if (immediate === "shuffle") lanes(first as readonly unknown[], 32);
  else if (immediate === "zero") to.bytes([0]);
  else if (immediate === "zeros") to.bytes([0, 0]);
  else constants[immediate](to, first, refuse);
}
