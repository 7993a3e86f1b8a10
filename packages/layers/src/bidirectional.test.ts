import "@tenon/interpreter";
import { bidirectional, dense, gru, lstm, maskOf, simpleRNN, withMask } from "@tenon/layers";
import { setBackend, spec, tensor, zeros } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import { built, inside, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

const x = tensor([[[1], [2], [3]]]);
const sums = (options = {}) =>
  simpleRNN(1, { activation: "linear", kernelInit: "ones", recurrentInit: "ones", ...options });

test.each([
  ["concat", [1, 6, 3, 5, 6, 3]],
  ["sum", [7, 8, 9]],
  ["mul", [6, 15, 18]],
  ["ave", [3.5, 4, 4.5]],
] as const)("sums from both ends, %s", async (mergeMode, expected) => {
  const layer = built(bidirectional(sums({ returnSequences: true }), { mergeMode }), spec(["B", 3, 1]));
  expect(await list(layer.call(x))).toEqual(expected);
  expect(layer.describe()).toBe(`bidirectional ${mergeMode}`);
});

test("the last results are those of the two ends, and null leaves results apart", async () => {
  expect(await list(built(bidirectional(sums()), spec(["B", 3, 1])).call(x))).toEqual([6, 6]);
  const apart = built(bidirectional(sums({ returnSequences: true }), { mergeMode: null }), spec(["B", 3, 1]));
  expect(await Promise.all(apart.call(x).map(list))).toEqual([
    [1, 3, 6],
    [6, 5, 3],
  ]);
});

test("masked steps are passed over from both ends, and a state is given to both", async () => {
  const layer = built(bidirectional(sums({ returnSequences: true })), spec(["B", 3, 1]));
  const mask = tensor([[true, true, false]]);
  const y = layer.call(withMask(x, mask));
  expect(await list(y)).toEqual([1, 3, 3, 2, 3, 0]);
  expect(maskOf(y)).toBe(mask);
  const seeded = layer.call({ input: x, state: [tensor([[10]]), tensor([[100]])] });
  expect(await list(seeded)).toEqual([11, 106, 13, 105, 16, 103]);
});

test("what does not fit is refused", () => {
  expect(() => inside(bidirectional(lstm(3)), spec(["B", 5]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E206 lstm: the input has rank 2, not 3, in (examples, steps, features).
      x: float32 [B, 5]
      at: encoder.bidirectional1.forwardLayer (bidirectional.test.ts:44)
      fix: give each step a list of features, as by reshape([-1, 1]), or by embedding for words.]
  `);
  expect(() => bidirectional(dense(3) as never)).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 bidirectional: the layer is a Dense, which is no recurrent layer.
      fix: give lstm(…), gru(…) or simpleRNN(…).]
  `);
  expect(() => bidirectional(gru(3), { backwardLayer: gru(3) })).toThrowErrorMatchingInlineSnapshot(
    `
    [OptionError E803 bidirectional: goBackwards is false in the layer and false in backwardLayer.
      fix: set it in one of the two.]
  `,
  );
  expect(() => bidirectional(gru(3), { mergeMode: "add" as never })).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 bidirectional: mergeMode is "add", which is no merge mode.
      fix: use one of concat, sum, mul, ave, or null.]
  `);
  expect(() => built(bidirectional(gru(3)), spec(["B", 2, 1])).call(zeros([1, 2, 2]))).toThrow("built for 1");
});
