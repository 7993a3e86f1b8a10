import { applyOp, input, maxPoolOp, relu, spec, withTrace } from "@tenon/ir";
import { expect, test } from "vitest";
import { Memory } from "../../../lowering/src/kernel/evaluate-memory.test-kit.ts";
import { checkExactly, runClaimed } from "./claimed.test-kit.ts";
import { drawer } from "./dot-products.test-kit.ts";
import { buffer } from "./template.test-kit.ts";

/** Pooled values, with something done to them, and their places. */
function check(
  shape: readonly (number | string)[],
  attrs: object,
  options: Partial<Parameters<typeof runClaimed>[2]> = {},
) {
  const [x, results] = withTrace(() => {
    const image = input(spec(shape));
    const [y, index] = applyOp(maxPoolOp, [image], attrs);
    return [image, [relu(y!), index!]] as const;
  });
  const runs = runClaimed([x], results, { relaxed: false, dims: { B: 3 }, ...options });
  expect(runs).toHaveLength(1);
  checkExactly(runs, [shape, attrs]);
}

test("maxima and their places are those of the interpreter, for windows of any size, with zeros around them or not", () => {
  const draw = drawer(3);
  for (let i = 0; i < 24; i++) {
    const axes = 1 + draw(draw(4) === 0 ? 3 : 2);
    const each = (value: (axis: number) => number): number[] => Array.from({ length: axes }, (_, axis) => value(axis));
    const size = each(() => 1 + draw(axes === 3 ? 2 : 3));
    const width = (): number[] => each((axis) => (draw(2) === 0 ? 0 : draw(size[axis]!)));
    const attrs = { size, stride: each(() => 1 + draw(3)), lo: width(), hi: width() };
    check([draw(3) === 0 ? "B" : 1 + draw(2), ...each((axis) => size[axis]! + draw(6)), 1 + draw(11)], attrs);
  }
});

test("the first of equals is taken, NaN before all numbers, and no padding where there is a number as low", () => {
  const specials = [Number.NaN, Number.NEGATIVE_INFINITY, -3.4028234663852886e38, 0, 1, Number.POSITIVE_INFINITY];
  const fill = (dtype: Memory["dtype"], count: number, seed: number): Memory => {
    const low = new Memory(
      dtype,
      Float64Array.from({ length: count }, (_, i) => specials[1 + ((i >> 2) % 2)]!),
    );
    const mixed = Float64Array.from(buffer("uint8", count, seed).data, (n) => specials[n % specials.length]!);
    return seed % 2 === 1 ? new Memory(dtype, mixed) : low;
  };
  for (const padding of [0, 1]) {
    const attrs = { size: [2, 2], stride: [1, 2], lo: [padding, 0], hi: [0, padding] };
    check([2, 5, 6, 5], attrs, { fill });
    check([2, 5, 6, 5], attrs, { fill: (dtype, count) => fill(dtype, count, 2) });
  }
});
