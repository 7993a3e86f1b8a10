import type { ByteWriter } from "./bytes.ts";
import type { Immediate } from "./instructions.ts";
import { DataSegment, ElementSegment } from "./values.ts";

/** How the binary format writes an immediate, and which JavaScript values are one. */
interface ImmediateForm {
  /** Fewest and most arguments of the method that are immediates. */
  readonly count: readonly [number, number];
  /** Writes them, or says what they ought to be. `size` is the number beside the kind in the table of instructions. */
  write(bytes: ByteWriter, size: number, first: unknown, second?: unknown): string | undefined;
}

const within = (value: unknown, low: number, high: number): value is number =>
  Number.isInteger(value) && (value as number) >= low && (value as number) <= high;

const MAX_OFFSET = 2 ** 32 - 1;

function writeOffset(bytes: ByteWriter, size: number, offset: unknown = 0): string | undefined {
  if (!within(offset, 0, MAX_OFFSET)) return "the offset is a whole number of bytes from 0 to 2³² − 1";
  bytes.byte(31 - Math.clz32(size)); // the alignment as a power of two
  bytes.u32(offset);
}

function writeLane(bytes: ByteWriter, lanes: number, lane: unknown): string | undefined {
  if (!within(lane, 0, lanes - 1)) return `the lane is a whole number from 0 to ${lanes - 1}`;
  bytes.byte(lane);
}

function writeZeros(bytes: ByteWriter, count: number): undefined {
  for (let i = 0; i < count; i++) bytes.byte(0);
}

export const immediates: Readonly<Record<Immediate, ImmediateForm>> = {
  memory: { count: [0, 1], write: writeOffset },
  lane: { count: [1, 1], write: writeLane },
  "memory lane": {
    count: [1, 2],
    write: (bytes, size, lane, offset) => writeOffset(bytes, size, offset) ?? writeLane(bytes, 16 / size, lane),
  },
  shuffle: {
    count: [1, 1],
    write(bytes, size, lanes) {
      const valid = Array.isArray(lanes) && lanes.length === 16 && lanes.every((lane) => within(lane, 0, size - 1));
      if (!valid) return `the lanes are 16 whole numbers from 0 to ${size - 1}`;
      bytes.bytes(lanes);
    },
  },
  data: {
    count: [1, 1],
    write(bytes, zeros, segment) {
      if (!(segment instanceof DataSegment)) return "the segment is one of passive data";
      bytes.u32(segment.index);
      return writeZeros(bytes, zeros);
    },
  },
  elements: {
    count: [1, 1],
    write(bytes, zeros, segment) {
      if (!(segment instanceof ElementSegment)) return "the segment is one of passive elements";
      bytes.u32(segment.index);
      return writeZeros(bytes, zeros);
    },
  },
  zeros: { count: [0, 0], write: writeZeros },
  i32: {
    count: [1, 1],
    write(bytes, _size, value) {
      if (!within(value, -(2 ** 31), 2 ** 32 - 1)) return "the constant is a whole number from −2³¹ to 2³² − 1";
      bytes.s32(value | 0);
    },
  },
  i64: {
    count: [1, 1],
    write(bytes, _size, value) {
      const whole = Number.isSafeInteger(value) ? BigInt(value as number) : value;
      if (typeof whole !== "bigint" || whole < -(2n ** 63n) || whole >= 2n ** 64n)
        return "the constant is a bigint from −2⁶³ to 2⁶⁴ − 1, or a number below 2⁵³";
      bytes.s64(BigInt.asIntN(64, whole));
    },
  },
  f32: {
    count: [1, 1],
    write(bytes, _size, value) {
      if (typeof value !== "number") return "the constant is a number";
      bytes.f32(value);
    },
  },
  f64: {
    count: [1, 1],
    write(bytes, _size, value) {
      if (typeof value !== "number") return "the constant is a number";
      bytes.f64(value);
    },
  },
  v128: {
    count: [1, 1],
    write(bytes, _size, value) {
      if (!ArrayBuffer.isView(value) || value.byteLength !== 16) return "the constant is a typed array of 16 bytes";
      bytes.bytes(new Uint8Array(value.buffer, value.byteOffset, 16));
    },
  },
};
