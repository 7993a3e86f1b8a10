import { dimSymbol } from "@tenon/ir";
import { expect, test } from "vitest";
import { floorDiv, modIndex } from "./index-division.ts";
import { addIndex, indexAxis, indexOfDim, indexVariable, multiplyIndex } from "./index-expression.ts";
import type { IndexVariable } from "./index-node.ts";
import { indexText } from "./index-text.ts";
import { loadParts } from "./parts.ts";
import { addressOf, fitsInt32, lanesOf, strideOf } from "./view-address.ts";

await loadParts();

const B = dimSymbol("B", { max: 100 });
const size = indexOfDim(B);
const [b, i, j] = [indexAxis("b", size), indexAxis("i", 12) as IndexVariable, indexAxis("j", 8)];

test("an address is row-major", () => {
  expect(indexText(addressOf([B, 12, 8], [b, i, j]))).toBe("b * 96 + i * 8 + j");
  expect(indexText(addressOf([12, B], [i, b]))).toBe("b + B * i");
  expect(indexText(addressOf([], []))).toBe("0");
});

test("an index of another rank is refused", () => {
  expect(() => addressOf([B, 8], [b])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError E206 addressOf: 1 indices do not address the shape [B, 8].]`,
  );
});

test("a stride is a number, an expression over sizes, or unknown", () => {
  const stride = (address: Parameters<typeof strideOf>[0], of: Parameters<typeof strideOf>[1]): string => {
    const found = strideOf(address, of);
    return found === undefined ? "unknown" : indexText(found);
  };
  const address = addressOf([B, 12, 8], [b, i, j]);
  expect([stride(address, b), stride(address, i), stride(address, j)]).toEqual(["96", "8", "1"]);
  expect(stride(addressOf([12, B], [i, b]), i)).toBe("B");
  expect(stride(addressOf([12, B], [i, b]), j)).toBe("0");
  expect(stride(addIndex(multiplyIndex(floorDiv(i, 4), 10), modIndex(i, 4)), i)).toBe("unknown");
  expect(stride(addIndex(multiplyIndex(floorDiv(i, 4), 4), modIndex(i, 4)), i)).toBe("1");
});

test("lanes within a block have the block's stride and alignment", () => {
  const blocks = addIndex(multiplyIndex(floorDiv(i, 4), 16), modIndex(i, 4));
  expect(lanesOf(blocks, i, 4).alignment).toBe(16);
  expect(indexText(lanesOf(blocks, i, 4).stride!)).toBe("1");
  expect(lanesOf(blocks, i, 8).stride).toBeUndefined();
  expect(lanesOf(addIndex(i, 1), i, 4).alignment).toBe(1);
  expect(indexText(lanesOf(j, i, 4).stride!)).toBe("0");
});

test("32 bits do where every number on the way fits", () => {
  const x = indexVariable("x", 0, 2 ** 30);
  expect(fitsInt32(addIndex(x, x))).toBe(false);
  expect(fitsInt32(x)).toBe(true);
  expect(fitsInt32(floorDiv(multiplyIndex(x, 3), 4))).toBe(false);
  expect(fitsInt32(addressOf([B, 784], [b, indexAxis("p", 784)]))).toBe(true);
});
