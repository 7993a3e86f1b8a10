import { expect, test } from "vitest";
import { constant, fold, input, iota, spec, type Tensor, windows } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated } from "./evaluated.test-kit.ts";

const random = (shape: readonly number[], seed: number): Tensor => {
  const count = shape.reduce((n, d) => n * d, 1);
  return constant(
    Array.from({ length: count }, (_, i) => ((i * 7 + seed * 13) % 11) - 5),
    shape,
  );
};

test("windows hold the entries that lie a dilation apart, and stand a stride apart", () => {
  const y = windows(iota([7], 0, "float32"), { axes: [0], size: 3, stride: 2, dilation: 2 });
  expect(y.shape).toEqual([2, 3]);
  expect(evaluated(y)).toEqual([0, 2, 4, 2, 4, 6]);
});

test("the window axes come last, in the order in which the axes were named", () => {
  const y = windows(random([2, 5, 6], 0), { axes: [2, 1], size: [3, 2] });
  expect(y.shape).toEqual([2, 4, 4, 3, 2]);
});

test("fold adds up what overlaps", () => {
  expect(evaluated(fold(constant(1, [4, 3]), { axes: [0], dims: [6] }))).toEqual([1, 2, 3, 3, 2, 1]);
});

test("what fold adds up to wraps before another op sees it", () => {
  const sums = fold(constant(200, [2, 2], "uint8"), { axes: [0], dims: [3] });
  expect(evaluated(sums.cast("float32"))).toEqual([200, 144, 200]);
});

test("windows and fold are transposes: ⟨windows(x), w⟩ = ⟨x, fold(w)⟩", () => {
  for (const stride of [1, 2, 3]) {
    for (const dilation of [1, 2]) {
      const options = { axes: [1, 2], stride, dilation };
      const x = random([2, 9, 8, 3], stride);
      const seen = windows(x, { ...options, size: [3, 2] });
      const w = random(seen.shape as number[], dilation);
      const left = seen.mul(w).sum();
      const right = x.mul(fold(w, { ...options, dims: [9, 8] })).sum();
      expect(evaluated(left)).toEqual(evaluated(right));
    }
  }
});

test("a symbolic size gives a symbolic number of windows", () => {
  const x = input(spec(["2*B", 3]));
  expect(windows(x, { axes: [0], size: 2, stride: 2 }).shape.map(String)).toEqual(["B", "3", "2"]);
});

test("a window that does not fit is refused", () => {
  expect(refusal(() => windows(iota([3], 0, "float32"), { axes: [0], size: 3, dilation: 2 }))).toMatchInlineSnapshot(`
    "ShapeError E210 windows: a window that reaches over 5 does not fit axis 0 of size 3.
      x: float32 [3]
      fix: pad the axis or use a smaller window."
  `);
  expect(refusal(() => windows(input(spec(["B", 3])), { axes: [0], size: 2 }))).toMatchInlineSnapshot(`
    "ShapeError E210 windows: a window that reaches over 2 may not fit axis 0 of size B.
      x: float32 [B, 3]
      fix: pad the axis, or give the symbols ranges from which 2 <= B follows."
  `);
});

test("fold refuses windows that are not those of its sizes", () => {
  expect(refusal(() => fold(constant(1, [4, 3]), { axes: [0], dims: [7] }))).toMatchInlineSnapshot(`
    "ShapeError E204 fold: axis 0 has 4 windows but size 7 has 5.
      w: float32 [4, 3]"
  `);
});
