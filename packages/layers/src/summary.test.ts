import {
  averagePooling2d,
  batchNorm,
  bidirectional,
  conv2d,
  dense,
  dropout,
  embedding,
  flatten,
  freeze,
  gru,
  Layer,
  layerNorm,
  maxPooling2d,
  reshape,
  sequential,
  summarize,
  summary,
} from "@tenon/layers";
import { type Context, key, scan, spec, type Tensor, zeros } from "@tenon/tensor";
import "@tenon/interpreter";
import { expect, test } from "vitest";
import { grouped, memory, short } from "./table.ts";

test("a table has a line per layer, aligned, and sums", () => {
  const model = sequential([
    flatten(),
    dense(256, { activation: "relu" }),
    batchNorm(),
    dropout(0.5),
    dense(10, { kernelInit: "heNormal", useBias: false }),
  ]).build({ key: key(0), inputs: spec(["B", 28, 28]) });
  freeze(model, "dense1.weight");
  expect(summary(model)).toMatchInlineSnapshot(`
    "sequential: float32 [B, 28, 28]

    layer       kind                           output    parameters  trained   FLOPs   memory
    ─────────────────────────────────────────────────────────────────────────────────────────
    flatten1    flatten                        [B, 784]
    dense1      dense 256 relu, glorotUniform  [B, 256]     200,960      256   402 k   785 KB
    batchNorm1  batchNorm                      [B, 256]       1,024      512  1.54 k  4.00 KB
    dropout1    dropout 0.5                    [B, 256]
    dense2      dense 10, heNormal             [B, 10]        2,560      all  5.12 k  10.0 KB
    ─────────────────────────────────────────────────────────────────────────────────────────
                                                            204,544    3,328   409 k   799 KB

    FLOPs are for one example, forward. Its results in all layers take 6.10 KB."
  `);
});

class Residual extends Layer {
  inner = dense(4);
  override forward(x: Tensor, ctx: Context): Tensor {
    return x.add(this.inner.call(x, ctx));
  }
}

test("a matrix product over k is 2k operations per result, and a layer's own additions are its own", () => {
  const { layers, flops, parameters } = summarize(
    sequential([new Residual(), new Residual()]).build({ key: key(0), inputs: spec(["B", 4]) }),
  );
  expect(layers.map(({ path, flops }) => [path, flops])).toEqual([
    ["residual1", 4],
    ["residual1.inner", 2 * 4 * 4 + 4],
    ["residual2", 4],
    ["residual2.inner", 2 * 4 * 4 + 4],
  ]);
  expect(flops).toBe(2 * (4 + 36));
  expect(parameters).toBe(2 * 20);
});

test("a part of a model, and a single layer, can be described", () => {
  const model = sequential({ body: sequential([dense(3), layerNorm()]), head: dense(2) }).build({
    key: key(0),
    inputs: spec(["B", 2]),
  });
  expect(summarize(model.layers[0]!).layers.map(({ path }) => path)).toEqual(["dense1", "layerNorm1"]);
  const [row] = summarize(model.layers[1]!).layers;
  expect(row).toMatchObject({ path: "", kind: "dense", parameters: 8, trainable: 8, byteLength: 32, flops: 14 });
});

test("rows of tables are looked up without operations, and named sizes count as 1", () => {
  const model = sequential([embedding(100, 8), reshape([-1]), dense(2)]).build({
    key: key(0),
    inputs: spec(["B", 5], "int32"),
  });
  const { layers, activationByteLength } = summarize(model);
  expect(layers.map(({ flops }) => flops)).toEqual([0, 0, 2 * 40 * 2 + 2]);
  expect(activationByteLength).toBe(4 * (40 + 40 + 2));
});

test("where layers do not simply follow one another, the table says what each is connected to", () => {
  class Two extends Layer<{ x: Tensor; y: Tensor }> {
    body = sequential([dense(4), new Residual()]);
    side = dense(4);
    head = dense(1);
    override forward({ x, y }: { x: Tensor; y: Tensor }, ctx: Context): Tensor {
      return this.head.call(this.body.call(x, ctx).mul(this.side.call(y, ctx)), ctx);
    }
  }
  const model = new Two().build({ key: key(0), inputs: { x: spec(["B", 3]), y: spec(["B", 5]) } });
  expect(summary(model)).toMatchInlineSnapshot(`
    "two: float32 [B, 3], float32 [B, 5]

    layer                 kind                    output  parameters  trained  FLOPs  memory  connected to
    ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    (itself)              two                     [B, 1]                           4          body.residual1, side
    body.dense1           dense 4, glorotUniform  [B, 4]          16      all     28    64 B  x
    body.residual1        residual                [B, 4]                           4          body.dense1, body.residual1.inner
    body.residual1.inner  dense 4, glorotUniform  [B, 4]          20      all     36    80 B  body.dense1
    side                  dense 4, glorotUniform  [B, 4]          24      all     44    96 B  y
    head                  dense 1, glorotUniform  [B, 1]           5      all      9    20 B  (itself)
    ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
                                                                  65      all    125   260 B

    FLOPs are for one example, forward. Its results in all layers take 52 B."
  `);
  expect(summarize(model).layers[0]).toMatchObject({ path: "", flops: 4 });
});

test("what stands in no row is passed over: a layer is connected to those behind it", () => {
  const { layers } = summarize(
    sequential([bidirectional(gru(2)), dense(1)]).build({ key: key(0), inputs: spec(["B", 4, 3]) }),
  );
  expect(layers.map(({ path, connectedTo }) => [path, connectedTo])).toEqual([
    ["bidirectional1.forwardLayer", ["input"]],
    ["bidirectional1.backwardLayer", ["input"]],
    ["dense1", ["bidirectional1.forwardLayer", "bidirectional1.backwardLayer"]],
  ]);
});

test("a loop counts as often as it runs", () => {
  class Loop extends Layer {
    cell = dense(3);
    override forward(x: Tensor, ctx: Context): Tensor {
      return scan((h: Tensor, at: Tensor) => [this.cell.call(h.add(at), ctx), null] as const, zeros([2, 3]), x)[0];
    }
  }
  const [loop] = summarize(new Loop().build({ key: key(0), inputs: spec([5, 2, 3]) })).layers;
  expect(loop).toMatchObject({ path: "", flops: 5 * 2 * (3 + 2 * 3 * 3 + 3) });
});

test("a convolution is a product with each window, and a pool takes in each entry of its windows", () => {
  const model = sequential([
    conv2d(32, 3, { activation: "relu" }),
    maxPooling2d(2),
    conv2d(64, 3, { padding: "same", groups: 2, useBias: false }),
    averagePooling2d(),
    flatten(),
    dense(10),
  ]).build({ key: key(0), inputs: spec(["B", 28, 28, 1]) });
  expect(summary(model)).toMatchInlineSnapshot(`
    "sequential: float32 [B, 28, 28, 1]

    layer              kind                                           output           parameters  trained   FLOPs   memory
    ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    conv2d1            conv2d 32 of 3×3 relu, glorotUniform           [B, 26, 26, 32]         320      all   433 k  1.25 KB
    maxPooling2d1      maxPooling2d 2×2                               [B, 13, 13, 32]                       21.6 k
    conv2d2            conv2d 64 of 3×3 same groups 2, glorotUniform  [B, 13, 13, 64]       9,216      all  3.12 M  36.0 KB
    averagePooling2d1  averagePooling2d 2×2                           [B, 6, 6, 64]                         11.5 k
    flatten1           flatten                                        [B, 2304]
    dense1             dense 10, glorotUniform                        [B, 10]              23,050      all  46.1 k  90.0 KB
    ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
                                                                                           32,586      all  3.63 M   127 KB

    FLOPs are for one example, forward. Its results in all layers take 166 KB."
  `);
  expect(summarize(model).layers.map(({ flops }) => flops)).toEqual([
    26 * 26 * 32 * (2 * 9 + 2), // a bias and the activation
    13 * 13 * 32 * 4,
    13 * 13 * 64 * 2 * 9 * 16,
    6 * 6 * 64 * (4 + 1),
    0,
    10 * (2 * 2304 + 1),
  ]);
});

test("a model that is not built has no summary", () => {
  expect(() => summary(dense(2))).toThrow("E430 summary: the dense layer is not built");
});

test("numbers are short", () => {
  expect([0, 999, 1000, 402_123, 999_999, 1e9].map(short)).toEqual(["0", "999", "1.00 k", "402 k", "1.00 M", "1.00 G"]);
  expect([0, 1023, 1024, 804_864].map(memory)).toEqual(["0 B", "1.00 KB", "1.00 KB", "786 KB"]);
  expect([0, 999, 1000, 1_234_567].map(grouped)).toEqual(["0", "999", "1,000", "1,234,567"]);
});
