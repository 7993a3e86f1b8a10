import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteWriter } from "./bytes.ts";

const written = (write: (bytes: ByteWriter) => void) => {
  const bytes = new ByteWriter();
  write(bytes);
  return [...bytes.toBytes()];
};

/** The number that LEB128 bytes stand for; the sixth bit of a signed number's last byte is its sign. */
function read(bytes: readonly number[], signed: boolean): bigint {
  const value = bytes.reduce((sum, byte, i) => sum | (BigInt(byte & 0x7f) << BigInt(7 * i)), 0n);
  return signed && (bytes.at(-1)! & 0x40) !== 0 ? value - (1n << BigInt(7 * bytes.length)) : value;
}

/** Only the last byte is without the continuation bit, and one byte less could not hold the number. */
function isShortest(bytes: readonly number[], signed: boolean): boolean {
  const continued = bytes.every((byte, i) => byte > 0x7f === i < bytes.length - 1);
  const [last, before] = [bytes.at(-1)!, bytes.at(-2)];
  const padding = signed ? (before! & 0x40 ? 0x7f : 0) : 0;
  return continued && (before === undefined || last !== padding);
}

const edges = [6, 7, 13, 14, 20, 21, 27, 28, 31, 32, 34, 35, 48, 62, 63].flatMap((bit) => [
  2n ** BigInt(bit) - 1n,
  2n ** BigInt(bit),
  2n ** BigInt(bit) + 1n,
]);

describe("LEB128 gives the number back, in as few bytes as there can be:", () => {
  const cases = {
    "unsigned, 32 bits": {
      numbers: fc.bigInt(0n, 2n ** 32n - 1n),
      signed: false,
      write: (bytes: ByteWriter, n: bigint) => bytes.u32(Number(n)),
      examples: edges.filter((n) => n < 2n ** 32n),
    },
    "signed, 32 bits": {
      numbers: fc.bigInt(-(2n ** 31n), 2n ** 31n - 1n),
      signed: true,
      write: (bytes: ByteWriter, n: bigint) => bytes.s32(Number(n)),
      examples: edges.flatMap((n) => [n, -n]).filter((n) => BigInt.asIntN(32, n) === n),
    },
    "signed, 64 bits": {
      numbers: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
      signed: true,
      write: (bytes: ByteWriter, n: bigint) => bytes.s64(n),
      examples: edges.flatMap((n) => [n, -n]).filter((n) => BigInt.asIntN(64, n) === n),
    },
  };
  test.each(Object.entries(cases))("%s", (_, { numbers, signed, write, examples }) => {
    const holds = (n: bigint) => {
      const bytes = written((to) => write(to, n));
      return read(bytes, signed) === n && isShortest(bytes, signed);
    };
    fc.assert(fc.property(numbers, holds));
    expect(examples.length).toBeGreaterThan(25);
    expect(examples.filter((n) => !holds(n))).toEqual([]);
  });
});

test("the examples of the DWARF standard", () => {
  expect(written((to) => to.u32(624485))).toEqual([0xe5, 0x8e, 0x26]);
  expect(written((to) => to.s32(-123456))).toEqual([0xc0, 0xbb, 0x78]);
});

test("an opcode is a byte, or a prefix and a number", () => {
  const opcodes = [0x6a, 0xc4, 0xfd_000c, 0xfd_0105];
  expect(opcodes.map((opcode) => written((to) => to.opcode(opcode)))).toEqual([
    [0x6a],
    [0xc4],
    [0xfd, 0x0c],
    [0xfd, 0x85, 0x02],
  ]);
});

test("floats are little-endian, and every NaN is the canonical one", () => {
  expect(written((to) => to.f32(1.5))).toEqual([0, 0, 0xc0, 0x3f]);
  expect(written((to) => to.f64(-0))).toEqual([0, 0, 0, 0, 0, 0, 0, 0x80]);
  const [odd] = new Float64Array(BigUint64Array.of(0xfff8_0000_0000_0001n).buffer);
  expect(written((to) => to.f32(odd!))).toEqual([0, 0, 0xc0, 0x7f]);
  expect(written((to) => to.f64(odd!))).toEqual([0, 0, 0, 0, 0, 0, 0xf8, 0x7f]);
});

test("texts, lists and what is measured have their length before them", () => {
  expect(
    written((to) => {
      to.name("é");
      to.list([5, 6, 7], (n) => to.byte(n));
      to.sized((inner) => inner.u32(300));
    }),
  ).toEqual([2, 0xc3, 0xa9, 3, 5, 6, 7, 2, 0xac, 2]);
});
