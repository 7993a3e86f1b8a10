import { expect, test } from "vitest";
import { constant, foldIn, input, randomBits, spec, splitKey, type Tensor } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated, stepwise } from "./evaluated.test-kit.ts";
import { numberWords, threefry } from "./threefry.ts";

const key = (a: number, b: number): Tensor => constant([a, b], [2], "uint32");
const hex = (words: readonly number[]): string => words.map((w) => w.toString(16).padStart(8, "0")).join(" ");

test("threefry2x32-20 gives the words that its authors publish", () => {
  const of = (k: readonly [number, number], c: readonly [number, number]): string => hex(threefry(numberWords, k, c));
  expect(of([0, 0], [0, 0])).toBe("6b200159 99ba4efe");
  expect(of([0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff])).toBe("1cb996fc bb002be7");
  expect(of([0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3])).toBe("c4923a9c 483df7a0");
});

test("word i of rng.bits is the first word of threefry(key, (0, i)), in the graph as in the record", () => {
  const words = [0, 1, 2, 3, 4, 5].map((i) => threefry(numberWords, [7, 0xfffffff7], [0, i])[0]);
  const bits = randomBits(key(7, 0xfffffff7), [2, 3]);
  expect(evaluated(bits)).toEqual(words);
  expect(stepwise(bits).values).toEqual(words);
  expect(hex(evaluated(randomBits(key(0, 0), [1])))).toBe("6b200159");
});

test("child j of a key is both words of threefry(key, (1, j)); folding data in, of (2, data)", () => {
  const children = splitKey(key(3, 4), 3);
  expect(children.shape).toEqual([3, 2]);
  expect(evaluated(children)).toEqual([0, 1, 2].flatMap((j) => threefry(numberWords, [3, 4], [1, j])));
  expect(evaluated(foldIn(key(3, 4), 9))).toEqual(threefry(numberWords, [3, 4], [2, 9]));
  const negative = constant(-1, [], "int32");
  expect(evaluated(foldIn(key(3, 4), negative))).toEqual(threefry(numberWords, [3, 4], [2, 0xffffffff]));
});

test("a symbolic shape draws the words of its concrete one", () => {
  const x = input(spec(["B", 2]));
  const bits = randomBits(key(1, 2), x.shape).add(x.cast("uint32"));
  expect(evaluated(bits, [[x, [0, 0, 0, 0]]])).toEqual(evaluated(randomBits(key(1, 2), [2, 2])));
});

test("a key is two words of uint32", () => {
  expect(refusal(() => randomBits(constant([0, 1]), [2]))).toMatchInlineSnapshot(`
    "DTypeError E201 rng.bits: key is float32 where uint32 is wanted.
      key: float32 [2]
      fix: make one with key(seed), splitKey or foldIn."
  `);
  expect(refusal(() => splitKey(constant([0, 1, 2], [3], "uint32")))).toMatchInlineSnapshot(`
    "ShapeError E206 rng.split: key has shape [3] where [2] is wanted.
      key: uint32 [3]
      fix: make one with key(seed), splitKey or foldIn."
  `);
  expect(refusal(() => foldIn(key(0, 1), constant(0.5)))).toMatchInlineSnapshot(`
    "DTypeError E201 rng.fold_in: data is float32 where int32 or uint32 is wanted.
      key: uint32 [2]
      data: float32 []
      fix: convert it."
  `);
});
