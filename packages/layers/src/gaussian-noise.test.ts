import "@tenon/interpreter";
import { gaussianDropout, gaussianNoise } from "@tenon/layers";
import { full, key, ones, setBackend, tensor, training, valueAndGrad, variable, zeros } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import { list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

function moments(values: readonly number[]): readonly [mean: number, deviation: number] {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return [mean, Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length)];
}

test("noise is added with its deviation, in training alone", async () => {
  const x = zeros([4000]);
  const [mean, deviation] = moments(await list(gaussianNoise(0.5).call(x, training(key(0)))));
  expect(mean).toBeCloseTo(0, 1);
  expect(deviation).toBeCloseTo(0.5, 1);
  expect(gaussianNoise(0.5).call(x)).toBe(x);
});

test("elements are multiplied by noise of mean 1 and dropout's variance, in training alone", async () => {
  const x = full([4000], 2);
  const [mean, deviation] = moments(await list(gaussianDropout(0.2).call(x, training(key(0)))));
  expect(mean / 2).toBeCloseTo(1, 1);
  expect(deviation / 2).toBeCloseTo(Math.sqrt(0.2 / 0.8), 1);
  expect(gaussianDropout(0.2).call(x)).toBe(x);
});

test("the same key draws the same noise, and gradients are multiplied by it", async () => {
  const layer = gaussianDropout(0.5);
  const x = variable(ones([10]));
  const factors = await list(layer.call(x.value, training(key(1))));
  const [, gradient] = valueAndGrad(() => layer.call(x.value, training(key(1))).sum(), x);
  expect(await list(gradient)).toEqual(factors);
  expect(await list(layer.call(x.value, training(key(2))))).not.toEqual(factors);
});

test("16-bit floats stay what they are", () => {
  const x = tensor([1, 2], { dtype: "float16" });
  expect(gaussianNoise(1).call(x, training(key(0))).dtype).toBe("float16");
});

test("settings outside their range are refused", () => {
  expect(() => gaussianNoise(-1)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError E803 gaussianNoise: stddev is -1, which is no number from 0.]`,
  );
  expect(() => gaussianDropout(1)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError E803 gaussianDropout: rate is 1, which is no number from 0 to below 1.]`,
  );
});
