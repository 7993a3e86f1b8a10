import "@tenon/interpreter";
import { zeroPadding1d, zeroPadding2d, zeroPadding3d } from "@tenon/layers";
import { ones, setBackend, spec, tensor, zeros } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import { inside, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

test("zeros stand around the places, and the channels are left alone", async () => {
  expect(await list(zeroPadding1d([1, 2]).call(tensor([[[5], [6]]])))).toEqual([0, 5, 6, 0, 0]);
  expect(
    await list(
      zeroPadding2d([
        [1, 0],
        [0, 1],
      ]).call(ones([1, 1, 2, 1])),
    ),
  ).toEqual([0, 0, 0, 1, 1, 0]);
});

test("one number is for all sides, a list for each axis, pairs for each side", () => {
  const x = zeros([2, 4, 5, 3]);
  expect(zeroPadding2d().call(x).shape).toEqual([2, 6, 7, 3]);
  expect(zeroPadding2d([1, 2]).call(x).shape).toEqual([2, 6, 9, 3]);
  expect(zeroPadding2d([1, [0, 3]]).call(x).shape).toEqual([2, 6, 8, 3]);
  expect(zeroPadding3d(2).call(zeros([1, 2, 3, 4, 1])).shape).toEqual([1, 6, 7, 8, 1]);
  expect(zeroPadding1d(3).describe()).toBe("zeroPadding1d 3");
  expect(zeroPadding2d([1, [0, 3]]).describe()).toBe("zeroPadding2d [1, 1]×[0, 3]");
});

test("what does not fit is refused", () => {
  expect(() => inside(zeroPadding2d(1), spec(["B", 28, 28]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E206 zeroPadding2d: the input has rank 3, not 4, in (N, height, width, C).
      x: float32 [B, 28, 28]
      at: encoder.zeroPadding2d1 (zero-padding.test.ts:32)
      fix: give it channels, as by reshape([28, 28, 1]).]
  `);
  expect(() => zeroPadding2d([1, 2, 3])).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 zeroPadding2d: padding is [1, 2, 3], which is neither a whole number nor a list of 2.
      fix: give one number, or [before, after] for each of the 2 axes.]
  `);
  expect(() => zeroPadding1d(-1)).toThrow("padding is -1");
  expect(() => zeroPadding2d(1, { dataFormat: "channelsFirst" } as never)).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 zeroPadding2d: dataFormat is "channelsFirst", but channels are always the last axis.
      fix: leave dataFormat out, and bring the channels last, as by permute([2, 3, 1]) or x.moveAxis(1, -1).]
  `);
});
