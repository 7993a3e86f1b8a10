import {
  constant,
  dense,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Initializer,
  lecunNormal,
  lecunUniform,
  normal,
  ones,
  orthogonal,
  truncatedNormal,
  uniform,
  zeros,
} from "@tenon/layers";
import { hostKey, sha256Hex, type Tensor, tensor } from "@tenon/tensor";
import { describe, expect, test } from "vitest";
import "@tenon/interpreter";
import { initializers } from "./initializer.ts";
import { fans } from "./variance-scaling.ts";

const key = hostKey(7);
const values = async (init: Initializer, shape: readonly number[]): Promise<Float32Array> =>
  (await init(key, shape).data()) as Float32Array;

function moments(x: Float32Array): { mean: number; variance: number; largest: number } {
  const mean = x.reduce((sum, v) => sum + v, 0) / x.length;
  const variance = x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length;
  return { mean, variance, largest: x.reduce((m, v) => Math.max(m, Math.abs(v)), 0) };
}

describe("initial values have the same bits everywhere:", () => {
  const digests: Readonly<Record<string, string>> = {
    zeros: "e4331b4b5dff9108",
    ones: "bda35a63a11600e5",
    uniform: "106ea227db00befc",
    normal: "5e3a4a8bdafb88c4",
    truncatedNormal: "cf5d201f72c4e217",
    glorotUniform: "c930e2f8909b7ab4",
    glorotNormal: "55b2a2604febc98a",
    heUniform: "96206ee55ed47274",
    heNormal: "1df504d322c9c34a",
    lecunUniform: "adce18c6cbc926fe",
    lecunNormal: "fda48959fe2cafed",
    orthogonal: "f7fede981a9b24e1",
  };

  test.each(Object.entries(initializers))("%s", async (name, init) => {
    const x = await values(init, [3, 20, 30]);
    const bytes = new DataView(new ArrayBuffer(x.byteLength));
    x.forEach((v, i) => {
      bytes.setFloat32(4 * i, v, true);
    });
    expect(sha256Hex(new Uint8Array(bytes.buffer)).slice(0, 16)).toBe(digests[name]);
  });
});

test("zeros, ones and a constant are one number everywhere", async () => {
  expect(new Set(await values(zeros, [4, 5]))).toEqual(new Set([0]));
  expect(new Set(await values(ones, [4, 5]))).toEqual(new Set([1]));
  expect(new Set(await values(constant(0.5), [4, 5]))).toEqual(new Set([0.5]));
});

test("uniform fills its range", async () => {
  const x = await values(uniform({ low: 1, high: 3 }), [100, 100]);
  expect(Math.min(...x)).toBeGreaterThanOrEqual(1);
  expect(Math.max(...x)).toBeLessThanOrEqual(3);
  expect(moments(x).mean).toBeCloseTo(2, 1);
  expect(moments(x).variance).toBeCloseTo(4 / 12, 1);
});

test("normal has its mean and deviation", async () => {
  const { mean, variance } = moments(await values(normal({ mean: 1, stddev: 2 }), [200, 200]));
  expect(mean).toBeCloseTo(1, 1);
  expect(Math.sqrt(variance)).toBeCloseTo(2, 1);
});

test("truncatedNormal ends at two deviations, and is narrower for it", async () => {
  const { variance, largest } = moments(await values(truncatedNormal({ stddev: 1 }), [200, 200]));
  expect(largest).toBeLessThanOrEqual(2);
  expect(largest).toBeGreaterThan(1.99);
  expect(Math.sqrt(variance)).toBeCloseTo(0.8796, 1);
});

test.each([
  ["glorotUniform", glorotUniform, 2 / 500, Math.sqrt(6 / 500)],
  ["glorotNormal", glorotNormal, 2 / 500, 2 * Math.sqrt(2 / 500) * 1.137],
  ["heUniform", heUniform, 2 / 200, Math.sqrt(6 / 200)],
  ["heNormal", heNormal, 2 / 200, 2 * Math.sqrt(2 / 200) * 1.137],
  ["lecunUniform", lecunUniform, 1 / 200, Math.sqrt(3 / 200)],
  ["lecunNormal", lecunNormal, 1 / 200, 2 * Math.sqrt(1 / 200) * 1.137],
])("%s has the variance of its paper", async (_name, init, variance, limit) => {
  const found = moments(await values(init, [200, 300]));
  expect(found.variance / variance).toBeCloseTo(1, 1);
  expect(Math.abs(found.mean)).toBeLessThan(0.01);
  expect(found.largest).toBeLessThanOrEqual(limit);
});

test("the window of a convolution counts in both fans", () => {
  expect(fans([3, 3, 16, 32])).toEqual({ fanIn: 144, fanOut: 288 });
  expect(fans([7])).toEqual({ fanIn: 7, fanOut: 7 });
  expect(fans([])).toEqual({ fanIn: 1, fanOut: 1 });
});

test.each([[[5, 5]], [[4, 9]], [[9, 4]], [[3, 2, 4]]])(
  "orthogonal of %j has orthonormal rows or columns",
  async (shape) => {
    const gain = 2;
    const columns = shape.at(-1)!;
    const x = await values(orthogonal({ gain }), shape);
    const rows = x.length / columns;
    const vectors =
      rows <= columns
        ? Array.from({ length: rows }, (_, i) => Array.from(x.subarray(i * columns, (i + 1) * columns)))
        : Array.from({ length: columns }, (_, j) => Array.from({ length: rows }, (_, i) => x[i * columns + j]!));
    vectors.forEach((u, i) => {
      vectors.forEach((v, j) => {
        const product = u.reduce((sum, a, k) => sum + a * v[k]!, 0);
        expect(product).toBeCloseTo(i === j ? gain ** 2 : 0, 5);
      });
    });
  },
);

describe("what is no initialiser is refused:", () => {
  const make = (kernelInit: unknown) => () => dense(2, { kernelInit: kernelInit as Initializer });

  test("a misspelt name, or a number", () => {
    expect(make("heNorml")).toThrowErrorMatchingInlineSnapshot(`
      [OptionError E803 dense: kernelInit is "heNorml", which is neither a known name nor a function.
        fix: did you mean heNormal?]
    `);
    expect(make("he_normal")).toThrow("did you mean heNormal?");
    expect(make("xyz")).toThrowErrorMatchingInlineSnapshot(`
      [OptionError E803 dense: kernelInit is "xyz", which is neither a known name nor a function.
        fix: use one of zeros, ones, uniform, normal, truncatedNormal, glorotUniform, glorotNormal, heUniform, heNormal, lecunUniform, lecunNormal, orthogonal.]
    `);
    expect(make(0.1)).toThrow("E803");
  });

  test("a function that makes initialisers", () => {
    expect(make(constant)).toThrowErrorMatchingInlineSnapshot(`
      [OptionError E803 dense: kernelInit is constant, which makes initialisers and is none.
        fix: call it, as in kernelInit: constant(0.1).]
    `);
    expect(make(normal)).toThrowErrorMatchingInlineSnapshot(`
      [OptionError E803 dense: kernelInit is normal, which makes initialisers and is none.
        fix: call it, as in kernelInit: normal().]
    `);
  });

  test("a function that gives another shape, when it is used", () => {
    const init: Initializer = (_key, shape): Tensor => tensor([shape.length]);
    expect(() =>
      dense(2, { kernelInit: init }).buildSelf(key, { dtype: "float32", shape: [3] }),
    ).toThrowErrorMatchingInlineSnapshot(`
      [OptionError E803 dense: kernelInit gave float32 [1] where floats of shape [3, 2] are wanted.
        fix: an initialiser is (key, shape) => tensor, such as glorotUniform of @tenon/layers.]
    `);
  });

  test("settings outside their range", () => {
    expect(() => uniform({ low: 1, high: 0 })).toThrow("low is 1 but high is 0");
    expect(() => normal({ stddev: -1 })).toThrow("stddev is -1");
    expect(() => normal({ stdev: 1 } as never)).toThrow("did you mean stddev?");
    expect(() => orthogonal({ gian: 1 } as never)).toThrow("did you mean gain?");
    expect(() => constant(Number.NaN)).toThrow("E803");
  });
});
