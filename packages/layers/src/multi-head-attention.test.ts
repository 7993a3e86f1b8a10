import "@tenon/interpreter";
import { maskOf, multiHeadAttention, summarize, withMask } from "@tenon/layers";
import {
  compile,
  hostNormal,
  key,
  pathHash,
  setBackend,
  spec,
  type Tensor,
  tensor,
  training,
  zeros,
} from "@tenon/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import { built, inside, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

const random = (name: string, ...shape: number[]): Tensor =>
  tensor(
    hostNormal(
      [0, pathHash(name)],
      shape.reduce((n, d) => n * d, 1),
    ),
    { shape },
  );

const close = async (actual: Tensor, expected: Tensor): Promise<void> => {
  expect(actual.shape).toEqual(expected.shape);
  const [a, b] = [await list(actual), await list(expected)];
  for (const [i, x] of a.entries()) expect(x).toBeCloseTo(b[i]!, 5);
};

const x = random("x", 2, 4, 6);

test("a query takes the mean of values, weighted by the exponentials of its products with the keys", async () => {
  const layer = built(multiHeadAttention({ numHeads: 1, keyDim: 1, kernelInit: "ones" }), spec(["B", 2, 1]));
  const [a, b] = [Math.exp(2 * 1), Math.exp(2 * 3)]; // of the query 2 with the keys 1 and 3
  const [y] = await list(layer.call({ query: tensor([[[2]]]), value: tensor([[[1], [3]]]) }));
  expect(y).toBeCloseTo((a * 1 + b * 3) / (a + b), 5);
});

test("each head of keys and values serves several heads of queries", async () => {
  const layer = built(multiHeadAttention({ numHeads: 4, keyDim: 3, numKvHeads: 2 }), spec(["B", 4, 6]));
  expect([layer.query, layer.key, layer.value, layer.output].map(({ weight }) => weight.shape)).toEqual([
    [6, 12],
    [6, 6],
    [6, 6],
    [12, 6],
  ]);
  const whole = built(multiHeadAttention({ numHeads: 4, keyDim: 3 }), spec(["B", 4, 6]));
  const twice = (w: Tensor): Tensor => w.reshape([6, 2, 1, 3]).broadcastTo([6, 2, 2, 3]).reshape([6, 12]);
  whole.query.weight.assign(layer.query.weight.value);
  whole.output.weight.assign(layer.output.weight.value);
  for (const name of ["key", "value"] as const) whole[name].weight.assign(twice(layer[name].weight.value));
  await close(layer.call(x), whole.call(x));
  expect(layer.describe()).toBe("multiHeadAttention 4:2×3");
});

describe("what a step sees", () => {
  const layer = built(multiHeadAttention({ numHeads: 2, keyDim: 3 }), spec(["B", 4, 6]));
  const short = x.sliceAxis(1, 0, 2);

  test("is what a mask of the sequence, of each example or of each head lets through", async () => {
    const mask = tensor([true, true, false, false], { dtype: "bool" });
    const expected = layer.call({ query: x, value: short });
    for (const shape of [
      [1, 4],
      [1, 1, 4],
      [1, 1, 1, 4],
    ])
      await close(layer.call({ query: x, mask: mask.reshape(shape) }), expected);
    await close(layer.call({ query: x, value: withMask(x, mask.reshape([1, 4]).broadcastTo([2, 4])) }), expected);
  });

  test("is nothing later where attention is causal", async () => {
    const causal = built(multiHeadAttention({ numHeads: 2, keyDim: 3, causal: true }), spec(["B", 4, 6]));
    await close(causal.call(x).sliceAxis(1, 0, 2), causal.call(short));
    expect(causal.describe()).toBe("multiHeadAttention 2×3 causal");
  });

  test("goes with the mask of the query's own steps, which the result has too", async () => {
    const mask = tensor([
      [true, true, false, false],
      [true, true, false, false],
    ]);
    const y = layer.call(withMask(x, mask));
    expect(maskOf(y)).toBe(mask);
    await close(y.sliceAxis(1, 0, 2), layer.call(short));
  });

  test("is turned by the place, so that it matters how far apart two steps are", async () => {
    const turned = built(multiHeadAttention({ numHeads: 1, keyDim: 6, rope: { base: 100 } }), spec(["B", 4, 6]));
    const swapped = x.take(tensor([1, 0, 2, 3], { dtype: "int32" }), { axis: 1 });
    const last = (y: Tensor): Tensor => y.sliceAxis(1, 3);
    await close(last(layer.call(swapped)), last(layer.call(x)));
    await expect(close(last(turned.call(swapped)), last(turned.call(x)))).rejects.toThrow();
  });
});

test("weights are dropped in training alone, as computed step by step", async () => {
  const options = { numHeads: 4, keyDim: 3, numKvHeads: 2, causal: true };
  const [plain, dropping] = [0, 1e-9].map((dropout) =>
    built(multiHeadAttention({ ...options, dropout }), spec(["B", 4, 6])),
  );
  await close(dropping!.call(x, training(key(0))), plain!.call(x)); // so small a share is none
  const half = built(multiHeadAttention({ ...options, dropout: 0.5 }), spec(["B", 4, 6]));
  await close(half.call(x), plain!.call(x));
  const [a, b] = [1, 2].map((seed) => half.call(x, training(key(seed))));
  expect(await list(a!)).not.toEqual(await list(b!));
});

describe("a cache", () => {
  const options = { numHeads: 4, keyDim: 2, numKvHeads: 2, causal: true, rope: true };
  const layer = built(multiHeadAttention(options), spec(["B", 4, 6]));

  test("gives at each step what the whole sequence gives, by one compiled step", async () => {
    let traces = 0;
    const step = compile((query: Tensor, cache: ReturnType<typeof layer.emptyCache>) => {
      traces++;
      return layer.call({ query, cache });
    });
    const whole = layer.call(x);
    let cache = layer.emptyCache(2, 7);
    for (let t = 0; t < 4; t++) {
      const [y, next] = await step(x.sliceAxis(1, t, t + 1), cache);
      await close(y, whole.sliceAxis(1, t, t + 1));
      cache = next;
    }
    expect(await cache.length.item()).toBe(4);
    expect(traces).toBe(1);
  });

  test("takes several steps at once, such as those of a prompt", async () => {
    const whole = layer.call(x);
    const [first, cache] = layer.call({ query: x.sliceAxis(1, 0, 3), cache: layer.emptyCache(2, 4) });
    const [last] = layer.call({ query: x.sliceAxis(1, 3), cache });
    await close(first, whole.sliceAxis(1, 0, 3));
    await close(last, whole.sliceAxis(1, 3));
  });

  test("of another form is refused", () => {
    expect(() => layer.call({ query: x, cache: layer.emptyCache(2, 3) })).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E204 multiHeadAttention: there are 4 steps but the cache has 3 places.
        x: float32 [2, 4, 6]
        at: multi-head-attention.test.ts:144
        fix: make a cache with more places.]
    `);
    expect(() => layer.call({ query: x, cache: layer.emptyCache(3, 4) })).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E203 multiHeadAttention: cache.key is [3, 4, 2, 2] where [2, 4, 2, 2] is wanted.
        x: float32 [2, 4, 6]
        at: multi-head-attention.test.ts:150
        fix: make the cache by emptyCache(2, places).]
    `);
    const { length: _length, ...rest } = layer.emptyCache(2, 4);
    expect(() => layer.call({ query: x, cache: { ...rest, length: zeros([]) } })).toThrow("cache.length is float32");
    expect(() => layer.emptyCache(0, 4)).toThrow("examples is 0");
  });
});

test("a summary counts products of all heads", () => {
  const layer = built(multiHeadAttention({ numHeads: 2, keyDim: 3 }), spec(["B", 4, 6]));
  const { layers, parameters } = summarize(layer);
  expect(parameters).toBe(4 * (6 * 6 + 6));
  const own = layers.find(({ path }) => path === "")!;
  expect(own.flops).toBeGreaterThanOrEqual(2 * 2 * (4 * 4 * 6));
});

describe("what does not fit is refused:", () => {
  const layer = () => built(multiHeadAttention({ numHeads: 2, keyDim: 3 }), spec(["B", 4, 6]));

  test("sequences", () => {
    expect(() =>
      inside(multiHeadAttention({ numHeads: 2, keyDim: 3 }), spec(["B", 6])),
    ).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E206 multiHeadAttention: query has rank 2, not 3, in (examples, steps, features).
        query: float32 [B, 6]
        value: float32 [B, 6]
        key: float32 [B, 6]
        at: encoder.multiHeadAttention1 (multi-head-attention.test.ts:175)
        fix: give sequences (examples, steps, features), key and value of as many steps.]
    `);
    expect(() => layer().call({ query: x, value: x, key: x.sliceAxis(1, 0, 2) })).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E204 multiHeadAttention: key has 2 steps but value has 4.
        query: float32 [2, 4, 6]
        value: float32 [2, 4, 6]
        key: float32 [2, 2, 6]
        at: multi-head-attention.test.ts:184
        fix: give sequences (examples, steps, features), key and value of as many steps.]
    `);
    expect(() => layer().call({ query: x, value: x.sliceAxis(0, 0, 1) })).toThrow(
      "there are 2 queries, 1 keys and 1 values",
    );
    expect(() => layer().call(zeros([1, 2, 5]))).toThrow("the input has 5 features but the layer was built for 6");
  });

  test("masks", () => {
    expect(() => layer().call({ query: x, mask: zeros([4, 4]) })).toThrowErrorMatchingInlineSnapshot(`
      [DTypeError E201 multiHeadAttention: mask is float32 where bool is wanted.
        mask: float32 [4, 4]
        fix: compare it, as in mask.notEqual(0).]
    `);
    expect(() => layer().call({ query: x, mask: zeros([3, 4], "bool") })).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E203 nn.attention: mask is [1, 1, 3, 4] where [2, 2, 4, 4] is wanted, in (b,h,t,s).
        q: float32 [2, 4, 2, 3]
        k: float32 [2, 4, 2, 3]
        v: float32 [2, 4, 2, 3]
        extras[0]: bool [1, 1, 3, 4]
        at: multi-head-attention.test.ts:204
        fix: any of its sizes may be 1 instead.]
    `);
  });

  test("options", () => {
    const make = (options: object) => () => multiHeadAttention(options as never);
    expect(make({ numHeads: 3, keyDim: 2, numKvHeads: 2 })).toThrow(
      "numHeads is 3, which is no multiple of numKvHeads, 2",
    );
    expect(make({ keyDim: 2 })).toThrowErrorMatchingInlineSnapshot(`
      [OptionError E803 multiHeadAttention: numHeads is undefined, which is no whole number from 1.
        fix: give multiHeadAttention({ numHeads: 4, keyDim: 32 }).]
    `);
    expect(make({ numHeads: 3, keydim: 2 })).toThrow("did you mean keyDim?");
    expect(make({ numHeads: 3, keyDim: 2, dropout: 1 })).toThrow("dropout is 1");
  });
});
