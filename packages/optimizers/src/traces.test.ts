import "@tenon/backend-cpu-js";
import "@tenon/interpreter";
import { relativeDistance, TRACE_RELATIVE } from "@tenon/conformance";
import { compile, setBackend, type Tensor, tensor, variable } from "@tenon/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import * as optimizers from "./index.ts";
import type { Transform } from "./transform.ts";

const STEPS = 100;
const SIZE = 7;
const START = Array.from({ length: SIZE }, (_, i) => Math.fround(Math.sin(3 * i + 1) * 2));
/** The gradient of element i in step t, from 1: of any sign and size, now and then 0. */
const gradient = (t: number, i: number): number =>
  (t + i) % 11 === 0 ? 0 : Math.fround(Math.cos(1.7 * t + i) * 2 ** ((i % 5) - 3));

/** What one element's rule keeps between steps, and how it goes on: written from the papers, on numbers. */
type Formula = () => (p: number, g: number, t: number) => number;

const sum = (decay: number, weight = 1) => {
  let s = 0;
  return (x: number): number => (s = decay * s + weight * x);
};

const formulas: Readonly<Record<string, readonly [Transform<any>, Formula]>> = {
  "sgd()": [optimizers.sgd(), () => (p, g) => p - 0.01 * g],
  "sgd with momentum": [
    optimizers.sgd({ learningRate: 0.1, momentum: 0.8 }),
    () => {
      const v = sum(0.8);
      return (p, g) => p - 0.1 * v(g);
    },
  ],
  "momentum()": [
    optimizers.momentum(),
    () => {
      const v = sum(0.9);
      return (p, g) => p - 0.01 * v(g);
    },
  ],
  "nesterov()": [
    optimizers.nesterov(),
    () => {
      const v = sum(0.9);
      return (p, g) => p - 0.01 * (g + 0.9 * v(g));
    },
  ],
  "adagrad()": [
    optimizers.adagrad(),
    () => {
      let s = 0.1;
      return (p, g) => p - (0.01 * g) / (Math.sqrt((s += g * g)) + 1e-7);
    },
  ],
  "adagrad from 0": [
    optimizers.adagrad({ learningRate: 0.5, initialAccumulator: 0, eps: 1e-3 }),
    () => {
      let s = 0;
      return (p, g) => p - (0.5 * g) / (Math.sqrt((s += g * g)) + 1e-3);
    },
  ],
  "rmsprop()": [
    optimizers.rmsprop(),
    () => {
      const s = sum(0.9, 0.1);
      return (p, g) => p - (1e-3 * g) / (Math.sqrt(s(g * g)) + 1e-7);
    },
  ],
  "rmsprop, centered, with momentum": [
    optimizers.rmsprop({ learningRate: 0.01, rho: 0.99, eps: 1e-4, centered: true, momentum: 0.5 }),
    () => {
      const [s, m, v] = [sum(0.99, 1 - 0.99), sum(0.99, 1 - 0.99), sum(0.5)];
      return (p, g) => p - 0.01 * v(g / (Math.sqrt(s(g * g) - m(g) ** 2) + 1e-4));
    },
  ],
  "adam()": [optimizers.adam(), () => adam(1e-3, 0.9, 0.999, 1e-7, 0)],
  "adam with its options": [
    optimizers.adam({ learningRate: 0.05, beta1: 0.5, beta2: 0.9, eps: 1e-2 }),
    () => adam(0.05, 0.5, 0.9, 1e-2, 0),
  ],
  "adam without means": [optimizers.adam({ beta1: 0, beta2: 0 }), () => adam(1e-3, 0, 0, 1e-7, 0)],
  "adamw()": [optimizers.adamw(), () => adam(1e-3, 0.9, 0.999, 1e-7, 0.01)],
  "adamw with its options": [
    optimizers.adamw({ learningRate: 0.02, weightDecay: 0.3, beta2: 0.99 }),
    () => adam(0.02, 0.9, 0.99, 1e-7, 0.3),
  ],
};

function adam(rate: number, beta1: number, beta2: number, eps: number, decay: number): ReturnType<Formula> {
  const [m, v] = [sum(beta1, 1 - beta1), sum(beta2, 1 - beta2)];
  return (p, g, t) => {
    const [mean, variance] = [m(g) / (1 - beta1 ** t), v(g * g) / (1 - beta2 ** t)];
    return p - rate * (mean / (Math.sqrt(variance) + eps) + decay * p);
  };
}

const { PI, cos } = Math;
const schedules: Readonly<Record<string, readonly [optimizers.Schedule, (step: number) => number]>> = {
  constantRate: [optimizers.constantRate(0.3), () => 0.3],
  stepDecay: [optimizers.stepDecay(0.1, { every: 30, factor: 0.5 }), (t) => 0.1 * 0.5 ** Math.floor(t / 30)],
  exponentialDecay: [optimizers.exponentialDecay(0.1, { steps: 10, factor: 0.8 }), (t) => 0.1 * 0.8 ** (t / 10)],
  cosineDecay: [optimizers.cosineDecay(0.1, { steps: 80 }), (t) => (t < 80 ? (0.1 * (1 + cos((PI * t) / 80))) / 2 : 0)],
  "cosineDecay to a floor": [
    optimizers.cosineDecay(1, { steps: 120, to: 0.25 }),
    (t) => 0.25 + (0.75 * (1 + cos((PI * t) / 120))) / 2,
  ],
  "warmup to a number": [optimizers.warmup(20, 0.5), (t) => (t < 20 ? (0.5 * t) / 20 : 0.5)],
  "warmup to a schedule": [
    optimizers.warmup(20, optimizers.exponentialDecay(0.5, { steps: 7, factor: 0.9 }), { from: 0.1 }),
    (t) => (t < 20 ? 0.1 + (0.4 * t) / 20 : 0.5 * 0.9 ** ((t - 20) / 7)),
  ],
  "warmup of a warmup": [
    optimizers.warmup(10, optimizers.warmup(10, 1, { from: 0.5 })),
    (t) => (t < 10 ? (0.5 * t) / 10 : t < 20 ? 0.5 + (0.5 * (t - 10)) / 10 : 1),
  ],
};

describe.each(["interpreter", "cpu-js"])("on %s:", (backend) => {
  beforeAll(() => setBackend(backend));

  test.each(Object.keys(formulas))("100 updates of %s are those of the formula in float64", async (name) => {
    const [transform, formula] = formulas[name]!;
    const p = variable(START, { name: "p" });
    const optimizer = transform.bind(p);
    let traced = 0;
    const step = compile((g: Tensor) => {
      traced++;
      optimizer.apply(g);
      return p;
    });
    const rules = START.map(() => formula());
    let expected: number[] = START;
    for (let t = 1; t <= STEPS; t++) {
      const g = START.map((_, i) => gradient(t, i));
      expected = expected.map((x, i) => rules[i]!(x, g[i]!, t));
      const actual = (await (await step(tensor(g))).data()) as Float32Array;
      expect(relativeDistance(expected, actual), `step ${t}`).toBeLessThanOrEqual(TRACE_RELATIVE);
    }
    expect(traced).toBe(1);
  });

  test.each(Object.keys(schedules))(
    "100 rates of %s are those of the formula in float64, in one program",
    async (name) => {
      const [schedule, formula] = schedules[name]!;
      const p = variable(1, { name: "p" });
      const optimizer = optimizers.sgd({ learningRate: schedule }).bind(p);
      let traced = 0;
      const step = compile(() => {
        traced++;
        optimizer.apply(tensor(0));
        return optimizer.learningRate;
      });
      expect(await optimizer.learningRate.item()).toBeCloseTo(formula(0), 6);
      for (let t = 0; t < STEPS; t++) {
        const rate = Number(await (await step()).item());
        expect(relativeDistance([formula(t)], [rate], 1e-30), `step ${t}`).toBeLessThanOrEqual(TRACE_RELATIVE);
      }
      expect(traced).toBe(1);
      expect(await optimizer.learningRate.item()).toBeCloseTo(formula(STEPS - 1), 6);
    },
  );
});
