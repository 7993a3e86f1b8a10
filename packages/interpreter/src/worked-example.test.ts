import { readFileSync } from "node:fs";
import { Programs, run } from "@tenon/interpreter";
import type { Elements } from "@tenon/ir";
import { parseModule } from "@tenon/ir/text";
import { verify } from "@tenon/ir/verify";
import { expect, test } from "vitest";

// The worked example: two layers, softmax cross-entropy and momentum, one training step written out.
const source = readFileSync(new URL("../../ir/fixtures/two-layer-step.ir", import.meta.url), "utf8");
const module = verify(parseModule(source));
const B = 3;
const program = new Programs(module, new Map([["B", B]])).of("train_step");

/** Numbers in (-½, ½) that a float32 holds, the same ones every time. */
function numbers(count: number, seed: number): Float64Array {
  let state = seed;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0; // Numerical Recipes' generator
    return (state >>> 8) / 2 ** 24 - 0.5;
  });
}

const args = program.inputs.map(({ dtype, shape }, i): Elements => {
  const count = shape.reduce((n, size) => n * size, 1);
  const data =
    dtype === "int32" ? Float64Array.of(7, 0, 9) : shape.length === 0 ? Float64Array.of(0.125) : numbers(count, i + 1);
  return { dtype, shape, data };
});
const results = run(program, args);
const lossOf = (changed: readonly Elements[]): number => run(program, changed)[0]!.data[0]!;

const mu = Math.fround(0.9);
const parameters = [0, 1, 2, 3];

test("the loss is that of random logits", () => {
  expect(results[0]!.data[0]).toBeGreaterThan(1);
  expect(results[0]!.data[0]).toBeLessThan(20);
});

test.each(parameters)("the gradient of parameter %i is that of the loss by central differences", (p) => {
  const [value, velocity, renewed] = [args[p]!, args[4 + p]!, results[5 + p]!];
  const eps = 1e-5;
  for (let sample = 0; sample < 12; sample++) {
    const i = (sample * 7919) % value.data.length;
    const gradient = renewed.data[i]! - mu * velocity.data[i]!;
    const shifted = (by: number): number =>
      lossOf(args.map((x, j) => (j === p ? { ...x, data: x.data.with(i, x.data[i]! + by) } : x)));
    const difference = (shifted(eps) - shifted(-eps)) / (2 * eps);
    expect(Math.abs(gradient - difference)).toBeLessThan(1e-7 * Math.max(1, Math.abs(difference)));
  }
});

test.each(parameters)("parameter %i moves against its velocity by the learning rate", (p) => {
  const [value, renewed, velocity] = [args[p]!, results[1 + p]!, results[5 + p]!];
  expect(renewed.data).toEqual(value.data.map((x, i) => x - 0.125 * velocity.data[i]!));
});
