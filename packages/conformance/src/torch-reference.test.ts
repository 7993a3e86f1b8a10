import { readFileSync } from "node:fs";
import { backward } from "@tenon/autograd";
import { evaluateTensors } from "@tenon/interpreter";
import * as ir from "@tenon/ir";
import { expect, test } from "vitest";
import { decompositionTolerance, differences } from "./tolerance.ts";

interface NumberArray {
  readonly dtype: "float32" | "int32";
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** One call as the programs in `fixtures` recorded it. */
interface Case {
  readonly name: string;
  readonly options: object;
  readonly args: readonly NumberArray[];
  readonly results: readonly NumberArray[];
  readonly cotangents: readonly (NumberArray | null)[];
  readonly gradients: readonly (NumberArray | null)[];
}

interface Recorded {
  readonly torch: string;
  readonly cases: readonly Case[];
}

const recorded = ["torch-ops.json", "torch-sequences.json", "torch-vision.json"].map(
  (file): Recorded => JSON.parse(readFileSync(new URL(`../fixtures/${file}`, import.meta.url), "utf8")),
);

const elements = ({ dtype, shape, data }: NumberArray): ir.Elements => ({
  dtype,
  shape,
  data: Float64Array.from(data),
});

/** Functions whose operands stand among their options, and those that take options at all by themselves. */
const calls: Readonly<Record<string, (args: readonly ir.Tensor[], options: object) => readonly ir.Tensor[]>> = {
  attention: ([q, k, v, mask, bias], options) => [
    ir.attention(q!, k!, v!, { ...options, mask: mask?.notEqual(0), bias }),
  ],
  rope: ([x, positions], options) => [ir.rope(x!, { ...options, positions })],
  tril: ([x], { k }: { k?: number }) => [ir.tril(x!, k)],
  triu: ([x], { k }: { k?: number }) => [ir.triu(x!, k)],
  topK: ([x], { k }: { k?: number }) => ir.topK(x!, k!),
  einsum: (operands, { equation }: { equation?: string }) => [ir.einsum(equation!, ...operands)],
  embedding: ([table, ids]) => [ir.embedding(table!, ids!)],
  softmaxCrossEntropy: ([logits, labels]) => [ir.softmaxCrossEntropy(logits!, labels!)],
  lstmCell: ([z, h, c, kernel]) => ir.lstmCell(z!, h!, c!, kernel!),
  layerNorm: ([x, scale, bias], options) => [ir.layerNorm(x!, { ...options, scale, bias })],
  gruCell: ([z, h, kernel, bias], options) => [ir.gruCell(z!, h!, kernel!, bias, options)],
  groupNorm: ([x, scale, bias], options) => [ir.groupNorm(x!, { ...(options as { groups: number }), scale, bias })],
  batchNorm([x, scale, bias], options) {
    const { y, mean, variance } = ir.batchNorm(x!, { ...options, scale, bias });
    return [y, mean, variance];
  },
  batchNormInference: ([x, mean, variance, scale, bias], options) => [
    ir.batchNormInference(x!, mean!, variance!, { ...options, scale, bias }),
  ],
};

/** Functions that take their operands, then options. */
const plain: Readonly<Record<string, (...args: never[]) => ir.Tensor>> = {
  adaptiveAvgPool: ir.adaptiveAvgPool,
  avgPool: ir.avgPool,
  conv: ir.conv,
  convTranspose: ir.convTranspose,
  cumsum: ir.cumsum,
  gelu: ir.gelu,
  logSoftmax: ir.logSoftmax,
  logSumExp: ir.logSumExp,
  maxPool: ir.maxPool,
  padWith: ir.padWith,
  relu: ir.relu,
  resize: ir.resize,
  segmentSum: ir.segmentSum,
  sigmoid: ir.sigmoid,
  silu: ir.silu,
  softmax: ir.softmax,
  softplus: ir.softplus,
  takeAlong: ir.takeAlong,
  variance: ir.variance,
};

function record({ name, options }: Case, args: readonly ir.Tensor[]): readonly ir.Tensor[] {
  const call = calls[name];
  if (call !== undefined) return call(args, options);
  const f = plain[name] as (...args: unknown[]) => ir.Tensor;
  return [Object.keys(options).length === 0 ? f(...args) : f(...args, options)];
}

function expectClose(what: string, actual: ir.Elements, expected: NumberArray): void {
  expect(actual.shape, what).toEqual(expected.shape);
  const wrong = differences("float64", expected.data, actual.data, decompositionTolerance);
  expect(
    wrong.map((i) => `${what}[${i}] is ${actual.data[i]}, not ${expected.data[i]}`),
    what,
  ).toEqual([]);
}

const cases = recorded.flatMap(({ torch, cases }) => cases.map((reference) => ({ torch, reference })));

for (const [index, { torch, reference }] of cases.entries()) {
  test(`${reference.name} #${index} and its gradients are those of PyTorch ${torch}`, () => {
    const args = reference.args.map((x) => ir.input(x));
    const results = record(reference, args);
    const seeds = reference.cotangents.map((ct, i) => ct && ir.input(results[i]!));
    const { gradients } = backward(results, args, seeds);
    const values = new Map(args.map((x, i) => [x, elements(reference.args[i]!)]));
    seeds.forEach((seed, i) => {
      if (seed !== null) values.set(seed, elements(reference.cotangents[i]!));
    });
    evaluateTensors(results, values).forEach((y, i) => {
      expectClose(`result ${i}`, y, reference.results[i]!);
    });
    reference.gradients.forEach((expected, i) => {
      if (expected !== null) expectClose(`gradient ${i}`, evaluateTensors([gradients[i]!], values)[0]!, expected);
    });
  });
}
