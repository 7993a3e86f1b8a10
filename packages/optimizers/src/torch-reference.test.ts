import "@tenon/interpreter";
import { readFileSync } from "node:fs";
import { parity, relativeDistance } from "@tenon/conformance";
import { compile, constant, setBackend, type Tensor, tensor, variable } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import * as optimizers from "./index.ts";
import { scheduled } from "./learning-rate.ts";
import type { Transform } from "./transform.ts";

beforeAll(() => setBackend("interpreter"));

type Params<T> = Readonly<Record<"weight" | "bias", T>>;

/** What `reference/torch_optimizers.py` recorded. */
const { torch, start, gradients, traces, schedules } = JSON.parse(
  readFileSync(new URL("../reference/torch-optimizers.json", import.meta.url), "utf8"),
) as {
  torch: string;
  start: Params<readonly number[]>;
  gradients: readonly Params<readonly number[]>[];
  traces: Readonly<Record<string, readonly Params<readonly number[]>[]>>;
  schedules: Readonly<Record<string, readonly number[]>>;
};

const { addDecayedWeights, chain, clipByGlobalNorm, clipByValue, sgd } = optimizers;
const transforms: Readonly<Record<string, Transform<any>>> = {
  sgd: sgd({ learningRate: 0.1 }),
  momentum: optimizers.momentum({ learningRate: 0.1 }),
  nesterov: optimizers.nesterov({ learningRate: 0.1 }),
  "sgd with L2 penalty": chain(addDecayedWeights(0.2), sgd({ learningRate: 0.1 })),
  adagrad: optimizers.adagrad({ learningRate: 0.1, initialAccumulator: 0, eps: 1e-10 }),
  rmsprop: optimizers.rmsprop({ learningRate: 0.1 }),
  "rmsprop, centered, with momentum": optimizers.rmsprop({
    ...{ learningRate: 0.01, rho: 0.99, eps: 1e-8, momentum: 0.9, centered: true },
  }),
  adam: optimizers.adam({ learningRate: 0.1, eps: 1e-8 }),
  adamw: optimizers.adamw({ learningRate: 0.1, eps: 1e-8 }),
  "sgd, clipped by global norm": chain(clipByGlobalNorm(1), sgd({ learningRate: 1 })),
  "sgd, clipped by value": chain(clipByValue(0.25), sgd({ learningRate: 1 })),
};

const shapes = { weight: [3, 2], bias: [2] };
const shaped = (name: "weight" | "bias", values: readonly number[]) =>
  tensor(Float32Array.from(values), { shape: shapes[name] });

test.each(Object.entries(traces))(`ten steps of %s are those of PyTorch ${torch}`, async (name, expected) => {
  const net = {
    weight: variable(shaped("weight", start.weight), { name: "weight" }),
    bias: variable(shaped("bias", start.bias), { name: "bias" }),
  };
  const optimizer = transforms[name]!.bind(net);
  const step = compile((grads: Params<Tensor>) => {
    optimizer.apply(grads);
    return net;
  });
  for (const [t, g] of gradients.entries()) {
    const after = await step({ weight: shaped("weight", g.weight), bias: shaped("bias", g.bias) });
    for (const key of ["weight", "bias"] as const) {
      const actual = (await after[key].data()) as Float32Array;
      expect(relativeDistance(expected[t]![key], actual), `${key}, step ${t}`).toBeLessThanOrEqual(parity.forward);
    }
  }
});

const rates: Readonly<Record<string, optimizers.Schedule>> = {
  stepDecay: optimizers.stepDecay(0.1, { every: 3, factor: 0.5 }),
  exponentialDecay: optimizers.exponentialDecay(0.1, { steps: 1, factor: 0.9 }),
  cosineDecay: optimizers.cosineDecay(0.1, { steps: 10, to: 0.02 }),
  warmup: optimizers.warmup(4, 0.1, { from: 0.025 }),
};

test.each(Object.entries(schedules))(`ten rates of %s are those of PyTorch ${torch}`, async (name, expected) => {
  const actual = expected.map((_, t) => scheduled(rates[name]!, constant(t, [], "int32")).item());
  const values = (await Promise.all(actual)) as number[];
  expect(relativeDistance(expected, values)).toBeLessThanOrEqual(parity.forward);
});
