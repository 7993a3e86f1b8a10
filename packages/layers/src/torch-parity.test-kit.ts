import { readFileSync } from "node:fs";
import { parity, relativeDistance } from "@tenon/conformance";
import * as layers from "@tenon/layers";
import {
  type Context,
  key,
  logSoftmax,
  split,
  type Tensor,
  tensor,
  training,
  type Variable,
  valueAndGrad,
  variable,
  variables,
  zeros,
} from "@tenon/tensor";
import { treeEntries } from "@tenon/tree";
import { describe, expect, test } from "vitest";

export interface NumberArray {
  readonly dtype: "float32" | "int32";
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
type Named = Readonly<Record<string, NumberArray>>;

/** A layer as a generator in `fixtures/` recorded it: several training steps, and inference after them. */
interface Case {
  readonly name: string;
  readonly layer: readonly [kind: string, ...args: unknown[]];
  readonly params: Named;
  readonly steps: readonly {
    readonly x: NumberArray;
    readonly y: NumberArray;
    readonly dy: NumberArray;
    readonly dx: NumberArray | null;
    readonly gradients: Named;
    readonly statistics: Named;
  }[];
  readonly inference?: { readonly x: NumberArray; readonly y: NumberArray };
}

export interface Recorded {
  readonly torch: string;
  readonly cases: readonly Case[];
}

/** What a generator recorded. */
export const read = <T extends Recorded>(file: string): T =>
  JSON.parse(readFileSync(new URL(`../fixtures/${file}`, import.meta.url), "utf8")) as T;
export const tensorOf = ({ dtype, shape, data }: NumberArray): Tensor => tensor([...data], { dtype, shape });

/** How far apart values are, relative to the largest. */
export async function distance(actual: Tensor, expected: NumberArray): Promise<number> {
  expect(actual.shape).toEqual(expected.shape);
  return relativeDistance(expected.data, await actual.data());
}

class Network extends layers.Layer {
  dense1 = layers.dense(5, { activation: "gelu" });
  layerNorm1 = layers.layerNorm();
  dense2 = layers.dense(3);
  override forward(x: Tensor, ctx: Context): Tensor {
    const flat = layers.flatten();
    const h = this.layerNorm1.call(this.dense1.call(flat.forward(x, ctx), ctx), ctx);
    return logSoftmax(this.dense2.call(layers.elu(h), ctx));
  }
}

/** A merge of two inputs that are the halves of one. */
class Halves extends layers.Layer {
  readonly merge: layers.Layer<readonly Tensor[]>;
  constructor(merge: layers.Layer<readonly Tensor[]>) {
    super();
    this.merge = merge;
  }
  override forward(x: Tensor, ctx: Context): Tensor {
    return this.merge.call(split(x, 2, { axis: 1 }), ctx);
  }
}

type Make = (...args: unknown[]) => layers.Layer;
const factories = layers as unknown as Readonly<Record<string, Make>>;

const networks: Readonly<Record<string, Make>> = {
  network: () => new Network(),
  halves: (merge, ...args) => new Halves(factories[merge as string]!(...args) as never),
  imageNetwork: () =>
    layers.sequential([
      layers.conv2d(4, 3, { padding: "same", activation: "relu" }),
      layers.maxPooling2d(),
      layers.groupNorm(2),
      layers.conv2d(3, 2, { strides: 2, padding: "same", activation: "relu" }),
      layers.flatten(),
      layers.dense(3, { activation: "logSoftmax" }),
    ]),
};

function variablesByPath(layer: layers.Layer): Readonly<Record<string, Variable>> {
  return Object.fromEntries(treeEntries<unknown>(layer[variables]()) as [string, Variable][]);
}

/** Whether the layers of all fixtures give PyTorch's results, gradients and statistics, on the backend that is set. */
export function describeParity(): void {
  const files = ["torch-layers.json", "torch-vision.json", "torch-images.json"].map((file) => read(file));
  describe(`results, gradients and statistics are those of PyTorch ${files[0]!.torch}:`, () => {
    test.each(files.flatMap(({ cases }) => cases))("$name", agrees);
  });
}

async function agrees({ layer: [kind, ...args], params, steps, inference: later }: Case): Promise<void> {
  const { x } = steps[0]!;
  const layer = (networks[kind] ?? factories[kind]!)(...args).build({ key: key(0), inputs: tensorOf(x) });
  const state = variablesByPath(layer);
  for (const [path, value] of Object.entries(params)) state[path]!.assign(tensorOf(value));
  expect(Object.keys(state).filter((path) => state[path]!.role === "parameter")).toEqual(Object.keys(params));

  const trained = Object.fromEntries(Object.keys(params).map((path) => [path, state[path]!]));
  for (const [i, step] of steps.entries()) {
    const input = variable(tensorOf(step.x), { trainable: step.dx !== null });
    const result = variable(zeros(step.y.shape), { trainable: false });
    const loss = (): Tensor => {
      result.assign(layer.call(input.value, training(key(i))));
      return result.value.mul(tensorOf(step.dy)).sum();
    };
    const [, gradients] = valueAndGrad(loss, { dx: input, ...trained } as Record<string, Variable>);
    expect(await distance(result.value, step.y)).toBeLessThanOrEqual(parity.forward);
    const expected: Named = { ...(step.dx !== null && { dx: step.dx }), ...step.gradients };
    for (const [path, gradient] of Object.entries(expected))
      expect(await distance(gradients[path]!, gradient), path).toBeLessThanOrEqual(parity.gradient);
    for (const [path, statistic] of Object.entries(step.statistics)) {
      const converted =
        path === "movingVariance" ? ofPopulation(statistic, step.x, args[0] as BatchSettings, i) : statistic;
      expect(await distance(state[path]!.value, converted), path).toBeLessThanOrEqual(parity.forward);
    }
  }
  if (later === undefined) return;
  for (const [path, statistic] of Object.entries(steps.at(-1)!.statistics)) state[path]!.assign(tensorOf(statistic));
  expect(await distance(layer.call(tensorOf(later.x)), later.y)).toBeLessThanOrEqual(parity.forward);
}

interface BatchSettings {
  readonly axis?: number;
  readonly momentum?: number;
}

/**
 * PyTorch's moving variance in Keras's convention. After t steps both are `momentum^t + Σ …·variance`, with the variances
 * divided by n − 1 there and by n here.
 */
function ofPopulation(
  theirs: NumberArray,
  x: NumberArray,
  { momentum = 0.99 }: BatchSettings,
  step: number,
): NumberArray {
  const n = x.data.length / theirs.data.length;
  const start = momentum ** (step + 1);
  return { ...theirs, data: theirs.data.map((v) => start + ((v - start) * (n - 1)) / n) };
}
