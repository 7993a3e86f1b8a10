import "@tenon/interpreter";
import { dropout } from "@tenon/layers";
import { key, ones, setBackend, tensor, training, valueAndGrad, variable } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

test("inference gives the input itself", () => {
  const x = tensor([1, 2]);
  expect(dropout(0.5).call(x)).toBe(x);
});

test("training drops the rate and scales the others, so that the mean is kept", async () => {
  const y = await dropout(0.25)
    .call(ones([10_000]), training(key(0)))
    .data();
  expect(new Set(y)).toEqual(new Set([0, Math.fround(4 / 3)]));
  expect(y.filter((v) => v === 0).length / y.length).toBeCloseTo(0.25, 1);
});

test("gradients pass where elements were kept, by the same factor", async () => {
  const x = variable(ones([100]));
  const layer = dropout(0.5);
  const kept = await layer.call(x.value, training(key(1))).data();
  const [, gradient] = valueAndGrad(() => layer.call(x.value, training(key(1))).sum(), x);
  expect(await gradient.data()).toEqual(kept);
});

test("the rate is from 0 to 1", () => {
  expect(() => dropout(50)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError E803 dropout: rate is 50, which is no number from 0 to 1.]`,
  );
  expect(() => dropout({ rate: 0.5 } as never)).toThrow("E803");
});
