import { expect, test } from "vitest";
import { constant, einsum, input, reshape, rope, spec, type Tensor } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated } from "./evaluated.test-kit.ts";

const close = (actual: readonly number[], expected: readonly number[]): void => {
  expect(actual.length).toBe(expected.length);
  actual.forEach((x, i) => {
    expect(x).toBeCloseTo(expected[i]!, 6);
  });
};

/** One head of four features at each of so many positions. */
const same = (t: number): Tensor =>
  constant(
    Array.from({ length: 4 * t }, (_, i) => (i % 4) + 1),
    [t, 1, 4],
  );

const turned = (a: number, b: number, angle: number): [number, number] => [
  a * Math.cos(angle) - b * Math.sin(angle),
  b * Math.cos(angle) + a * Math.sin(angle),
];

test("pair i turns by base^(−2i/d) per position, in halves or as neighbours", () => {
  const [[a, c], [b, d]] = [turned(1, 3, 2), turned(2, 4, 0.2)];
  close(evaluated(rope(same(3), { base: 100 })).slice(8), [a, b, c, d]);
  const neighbours = [...turned(1, 2, 2), ...turned(3, 4, 0.2)];
  close(evaluated(rope(same(3), { base: 100, interleaved: true })).slice(8), neighbours);
  close(evaluated(rope(same(3))).slice(0, 4), [1, 2, 3, 4]);
});

test("positions count on from an offset, which may be a tensor", () => {
  const expected = evaluated(rope(same(5))).slice(12);
  close(evaluated(rope(same(2), { offset: 3 })), expected);
  close(evaluated(rope(same(2), { offset: constant(3, [], "int32") })), expected);
  close(evaluated(rope(same(2), { positions: constant([3, 4], [2], "int32") })), expected);
  close(evaluated(rope(reshape(same(2), [2, 1, 1, 4]), { positions: constant([3, 4], [2, 1], "int32") })), expected);
});

test("products depend on the distance of two positions alone", () => {
  const y = rope(same(4));
  const products = evaluated(einsum("thd,shd->ts", y, y));
  close([products[1]!, products[6]!, products[4]!], [products[11]!, products[11]!, products[11]!]);
});

test("positions, features and offsets that do not fit are refused", () => {
  const x = input(spec(["B", 3, 2, 4]));
  expect(refusal(() => rope(x, { positions: constant(0, [4], "int32") }))).toMatchInlineSnapshot(`
    "ShapeError E203 nn.rope: positions are [4] where [3] or [B, 3] is wanted, in (…,t,h,d),(…,t)->(…,t,h,d).
      x: float32 [B, 3, 2, 4]
      positions: int32 [4]"
  `);
  expect(refusal(() => rope(constant(0, [3, 2, 5])))).toMatchInlineSnapshot(`
    "ShapeError E203 nn.rope: d is 5, which are no pairs of features, in (…,t,h,d),(…,t)->(…,t,h,d).
      x: float32 [3, 2, 5]
      positions: int32 [3]
      fix: use an even number of features."
  `);
  expect(refusal(() => rope(constant(0, [2, 4])))).toMatchInlineSnapshot(`
    "ShapeError E206 nn.rope: x has rank 2, below 3, in (…,t,h,d),(…,t)->(…,t,h,d).
      x: float32 [2, 4]
      positions: int32 [0]"
  `);
  expect(refusal(() => rope(x, { offset: constant([1, 2], [2], "int32") }))).toMatchInlineSnapshot(`
    "ShapeError E206 rope: offset has rank 1, not 0.
      offset: int32 [2]
      fix: give positions where they differ between examples."
  `);
  expect(refusal(() => rope(x, { theta: 10_000 } as object))).toMatchInlineSnapshot(`
    "OptionError E801 rope: unknown option theta.
      fix: the options are positions, offset, base, interleaved."
  `);
});
