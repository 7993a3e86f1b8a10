import "@tenon/interpreter";
import {
  type AttentionCache,
  dense,
  embedding,
  Layer,
  layerNorm,
  maskOf,
  positionEmbedding,
  sequential,
  transformerDecoder,
  transformerEncoder,
  withMask,
} from "@tenon/layers";
import {
  type Context,
  compile,
  hostNormal,
  key,
  pathHash,
  setBackend,
  spec,
  type Tensor,
  tensor,
  training,
  variables,
  zeros,
} from "@tenon/tensor";
import { treePaths } from "@tenon/tree";
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
  for (const [i, x] of a.entries()) expect(x).toBeCloseTo(b[i]!, 4);
};

const x = random("x", 2, 4, 6);
const small = { numHeads: 2, intermediateDim: 8 };

test("its state has names by part", () => {
  const decoder = transformerDecoder({ ...small, norm: "rms", gated: true, useBias: false });
  decoder.build({ key: key(0), inputs: { input: spec(["B", 4, 6]), memory: spec(["B", 3, 5]) } });
  expect(treePaths(decoder[variables]())).toEqual([
    ...["query", "key", "value", "output"].map((name) => `attention.${name}.weight`),
    "attentionNorm.scale",
    ...["query", "key", "value", "output"].map((name) => `crossAttention.${name}.weight`),
    "crossAttentionNorm.scale",
    ...["gate", "up", "down"].map((name) => `feedForward.${name}.weight`),
    "feedForwardNorm.scale",
  ]);
  expect(decoder.call({ input: x, memory: zeros([2, 3, 5]) }).shape).toEqual([2, 4, 6]);
});

test("blocks that normalise first pass the sum on as it is, and others normalise it", async () => {
  const means = async (normalizeFirst: boolean) => {
    const y = built(transformerEncoder({ ...small, normalizeFirst }), spec(["B", 4, 6])).call(x);
    return Math.max(...(await list(y.mean({ axis: -1 }))).map(Math.abs));
  };
  expect(await means(false)).toBeLessThan(1e-6);
  expect(await means(true)).toBeGreaterThan(0.1);
});

test("an encoder passes over masked steps, and keeps the mask", async () => {
  const encoder = built(transformerEncoder({ ...small, normalizeFirst: true }), spec(["B", 4, 6]));
  const mask = tensor([
    [true, true, false, false],
    [true, true, false, false],
  ]);
  const y = encoder.call(withMask(x, mask));
  expect(maskOf(y)).toBe(mask);
  await close(y.sliceAxis(1, 0, 2), encoder.call(x.sliceAxis(1, 0, 2)));
});

test("a decoder sees nothing that comes later, and as much of a memory as its mask lets through", async () => {
  const decoder = transformerDecoder(small);
  const memory = random("memory", 2, 3, 6);
  decoder.build({ key: key(0), inputs: { input: x, memory } });
  const y = decoder.call({ input: x, memory });
  await close(y.sliceAxis(1, 0, 2), decoder.call({ input: x.sliceAxis(1, 0, 2), memory }));
  const memoryMask = tensor([[true, false, true]]);
  const seen = memory.take(tensor([0, 2], { dtype: "int32" }), { axis: 1 });
  await close(decoder.call({ input: x, memory, memoryMask }), decoder.call({ input: x, memory: seen }));
});

test("dropout drops in training alone", async () => {
  const encoder = built(transformerEncoder({ ...small, dropout: 0.5 }), spec(["B", 4, 6]));
  const [a, b, again] = [1, 2, 1].map((seed) => encoder.call(x, training(key(seed))));
  expect(await list(a!)).not.toEqual(await list(b!));
  expect(await list(a!)).toEqual(await list(again!));
  expect(await list(encoder.call(x))).toEqual(await list(encoder.call(x)));
});

interface Step {
  readonly ids: Tensor;
  readonly caches: readonly AttentionCache[];
}

/** A small language model, called with words or with words and what it has seen of the text. */
class Gpt extends Layer<Tensor | Step, any> {
  words = embedding(9, 6);
  places = positionEmbedding(8);
  blocks = [0, 1].map(() => transformerDecoder({ ...small, normalizeFirst: true }));
  norm = layerNorm();
  head = dense(9);
  override forward(given: Tensor | Step, ctx: Context): any {
    if (!("caches" in given)) {
      const y = this.blocks.reduce(
        (h, block) => block.call(h, ctx),
        this.places.call(this.words.call(given, ctx), ctx),
      );
      return this.head.call(this.norm.call(y, ctx), ctx);
    }
    const { ids, caches } = given;
    let h = this.places.call({ input: this.words.call(ids, ctx), offset: caches[0]!.length }, ctx);
    const next = this.blocks.map((block, i) => {
      const [y, cache] = block.call({ input: h, cache: caches[i]! }, ctx);
      h = y;
      return cache;
    });
    return { logits: this.head.call(this.norm.call(h, ctx), ctx), caches: next };
  }
}

test("a language model goes on word by word by one compiled step, as it would over the whole text", async () => {
  const model = new Gpt().build({ key: key(0), inputs: spec(["B", 5], "int32") });
  const text = tensor([[3, 1, 4, 1, 5]], { dtype: "int32" });
  const whole = model.call(text) as Tensor;
  let traces = 0;
  const step = compile((ids: Tensor, caches: readonly AttentionCache[]) => {
    traces++;
    return model.call({ ids, caches }) as { logits: Tensor; caches: readonly AttentionCache[] };
  });
  let caches: readonly AttentionCache[] = model.blocks.map((block) => block.emptyCache(1, 8));
  for (let t = 0; t < 5; t++) {
    const next = await step(text.sliceAxis(1, t, t + 1), caches);
    await close(next.logits, whole.sliceAxis(1, t, t + 1));
    caches = next.caches;
  }
  expect(traces).toBe(1);
});

describe("what does not fit is refused:", () => {
  test("sequences", () => {
    expect(() => inside(transformerEncoder(small), spec(["B", 4, 7]))).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E203 transformerEncoder: the input has 7 features, which are no multiple of 2 heads.
        x: float32 [B, 4, 7]
        at: encoder.transformerEncoder1 (transformer.test.ts:157)
        fix: give it 8 features, or give keyDim.]
    `);
    expect(() => inside(transformerDecoder(small), spec(["B", 4]))).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E206 transformerDecoder: the input has rank 2, not 3, in (examples, steps, features).
        x: float32 [B, 4]
        at: encoder.transformerDecoder1 (transformer.test.ts:163)
        fix: give it (examples, steps, features).]
    `);
    const decoder = built(transformerDecoder(small), spec(["B", 4, 6]));
    expect(() => decoder.call({ input: x, memory: x })).toThrowErrorMatchingInlineSnapshot(`
      [OptionError E803 transformerDecoder: the block is called with memory but was built without it.
        fix: call it as it was built, and build it as in inputs: { input: …, memory: … }.]
    `);
  });

  test("options", () => {
    const make = (options: object) => () => transformerEncoder({ ...small, ...options } as never);
    expect(make({ normFirst: true })).toThrow("unknown option normFirst");
    expect(make({ norm: "batch" })).toThrowErrorMatchingInlineSnapshot(`
      [OptionError E803 transformerEncoder: norm is "batch", which is no normalisation.
        fix: use "layer" or "rms".]
    `);
    expect(make({ numHeads: 0 })).toThrow("numHeads is 0");
    expect(make({ attentionDropout: 2 })).toThrow("attentionDropout is 2");
  });

  test("nothing of a model of several blocks is lost", () => {
    const model = sequential([transformerEncoder(small), transformerEncoder(small)]);
    expect(built(model, spec(["B", "T", 6])).call(x).shape).toEqual([2, 4, 6]);
    expect(model.layers[0]!.describe()).toBe("transformerEncoder 2 heads");
  });
});
