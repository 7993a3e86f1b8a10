import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { fromHex, sha256Hex, toHex } from "./sha256.ts";

test("the digests of FIPS 180-4's examples", () => {
  const digest = (text: string): string => sha256Hex(new TextEncoder().encode(text));
  expect(digest("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")).toBe(
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  );
});

test("the digest of every length up to three blocks is the platform's", () => {
  const bytes = Uint8Array.from({ length: 200 }, (_, i) => (i * 37 + 11) & 255);
  for (let n = 0; n <= bytes.length; n++) {
    const part = bytes.subarray(n % 3, n);
    expect(sha256Hex(part)).toBe(createHash("sha256").update(part).digest("hex"));
  }
});

test("hexadecimal digits are read back, and nothing else is", () => {
  expect(fromHex(toHex(Uint8Array.of(0, 1, 127, 255)))).toEqual(Uint8Array.of(0, 1, 127, 255));
  for (const text of ["0", "0g", "0X", "FF", " 0"]) expect(fromHex(text)).toBeUndefined();
});
