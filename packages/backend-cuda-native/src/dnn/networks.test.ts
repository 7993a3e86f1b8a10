import type { BackendFactory } from "@tenon/backend";
import { interpreter } from "@tenon/interpreter";
import {
  attention,
  compile,
  gelu,
  layerNorm,
  matmul,
  setBackend,
  spec,
  type Tensor,
  tensor,
  type Variable,
  valueAndGrad,
  variable,
} from "@tenon/tensor";
import { expect } from "vitest";
import { relativeDistance, TRANSPOSE_16_BIT } from "../../../conformance/src/tolerance.ts";
import { cudaNative } from "../backend.ts";
import { saidDuring } from "../blas/said.test-kit.ts";
import { testEmulatedDevice } from "../emulated-device.test-kit.ts";

const [BATCH, STEPS, HEADS, FEATURES] = [2, 6, 2, 8];
const WIDTH = HEADS * FEATURES;
const RATE = 0.3;

const wave = (phase: number, ...shape: readonly number[]): Tensor =>
  tensor(
    Float32Array.from(
      { length: shape.reduce((n, size) => n * size, 1) },
      (_, i) => 0.4 * Math.sin(phase + 1.7 * i * i),
    ),
    { shape: [...shape] },
  );

/** A block of a transformer, whose weights are float32 and all of whose tensors are bfloat16. */
function block(weights: readonly Variable[], x: Tensor): Tensor {
  const [q, k, v, out, wide, narrow] = weights.map((w) => w.value.cast("bfloat16")) as [
    ...[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor],
  ];
  const heads = (x: Tensor, w: Tensor): Tensor => matmul(x, w).reshape([BATCH, STEPS, HEADS, FEATURES]);
  const given = layerNorm(x);
  const seen = attention(heads(given, q), heads(given, k), heads(given, v), { causal: true });
  const so = x.add(matmul(seen.reshape([BATCH, STEPS, WIDTH]), out));
  return so.add(matmul(gelu(matmul(layerNorm(so), wide)), narrow));
}

/** The losses of some steps. */
async function lossesOn(backend: BackendFactory, count: number): Promise<readonly number[]> {
  await setBackend(backend);
  const square = [1, 2, 3, 4].map((phase) => variable(wave(phase, WIDTH, WIDTH)));
  const weights = [...square, variable(wave(5, WIDTH, 2 * WIDTH)), variable(wave(6, 2 * WIDTH, WIDTH))];
  const step = compile(
    (x: Tensor, y: Tensor) => {
      const [loss, grads] = valueAndGrad(
        () => block(weights, x.cast("bfloat16")).cast("float32").sub(y).square().mean(),
        weights,
      );
      for (const [i, w] of weights.entries()) w.assign(w.value.sub(grads[i]!.mul(RATE)));
      return loss;
    },
    { inputs: [spec([BATCH, STEPS, WIDTH]), spec([BATCH, STEPS, WIDTH])] },
  );
  const losses: number[] = [];
  for (let i = 0; i < count; i++)
    losses.push(await (await step(wave(7, BATCH, STEPS, WIDTH), wave(8, BATCH, STEPS, WIDTH))).item());
  return losses;
}

testEmulatedDevice(
  "a transformer of bfloat16 learns by attention of the library and gradients of our own",
  { timeout: 60_000 },
  async () => {
    const expected = await lossesOn(interpreter(), 5);
    const losses: number[] = [];
    const said = await saidDuring(async () => {
      const library = cudaNative({ cache: false, debug: { smallProducts: true } });
      losses.push(...(await lossesOn(library, 5)));
    });
    expect(said.filter((text) => text.startsWith("nn.attention"))).toEqual([
      "nn.attention+convert: cuDNN 9.22.0, 2 of 2 heads, 6×6×8 bfloat16, causal, as one operation",
    ]);
    expect(relativeDistance(expected, losses)).toBeLessThan(TRANSPOSE_16_BIT);
    expect(losses[4]!).toBeLessThan(losses[0]! / 2);
  },
);
