import "@tenon/backend-cpu-js";
import "@tenon/interpreter";
import { readFileSync } from "node:fs";
import { parity, relativeDistance } from "@tenon/conformance";
import { compile, setBackend, type Tensor, tensor, valueAndGrad, variable } from "@tenon/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import * as losses from "./index.ts";
import type { Loss } from "./operands.ts";

interface NumberArray {
  readonly dtype: "float32" | "int32";
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** One call as `reference/torch_losses.py` recorded it. */
interface Case extends Readonly<Record<"predictions" | "targets" | "loss" | "cotangent" | "gradient", NumberArray>> {
  readonly name: string;
  readonly options: object;
}

const { torch, cases } = JSON.parse(
  readFileSync(new URL("../reference/torch-losses.json", import.meta.url), "utf8"),
) as { torch: string; cases: readonly Case[] };

const { checkLabels: _, weighted: __, ...functions } = losses;
const classWeights = [0.5, 2, 1, 0, 3];
const byName: Readonly<Record<string, Loss<any>>> = {
  ...(functions as Record<string, Loss<any>>),
  "weighted sparse": losses.weighted(losses.sparseCategoricalCrossEntropy, { classWeights }),
  "weighted, normalized": (x, y) =>
    losses.weighted(losses.sparseCategoricalCrossEntropy, { classWeights, normalized: true })(x, y).mean().reshape([1]),
};

const tensorOf = ({ dtype, shape, data }: NumberArray): Tensor => tensor(Float64Array.from(data), { dtype, shape });

describe.each(["interpreter", "cpu-js"])("on %s:", (backend) => {
  beforeAll(() => setBackend(backend));

  test.each(cases.map((c, i) => [c.name, i, c] as const))(
    `%s #%i and its gradient are those of PyTorch ${torch}`,
    async (name, _i, { options, predictions, targets, loss, cotangent, gradient }) => {
      const x = variable(tensorOf(predictions), { name: "predictions" });
      const call = (t: Tensor): Tensor =>
        Object.keys(options).length === 0 ? byName[name]!(x.value, t) : byName[name]!(x.value, t, options);
      const step = compile((t: Tensor, dy: Tensor) => {
        const [, g] = valueAndGrad(() => call(t).mul(dy).sum(), x);
        return g;
      });
      const direct = call(tensorOf(targets));
      expect(direct.shape).toEqual(loss.shape);
      expect(relativeDistance(loss.data, (await direct.data()) as Float32Array)).toBeLessThanOrEqual(parity.forward);
      const found = (await (await step(tensorOf(targets), tensorOf(cotangent))).data()) as Float32Array;
      expect(relativeDistance(gradient.data, found)).toBeLessThanOrEqual(parity.gradient);
    },
  );
});
