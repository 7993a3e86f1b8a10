import { cpuJs } from "@tenon/backend-cpu-js";
import { parity, relativeDistance } from "@tenon/conformance";
import { interpreter } from "@tenon/interpreter";
import * as layers from "@tenon/layers";
import {
  type BackendChoice,
  type Context,
  compile,
  key,
  randomUniform,
  setBackend,
  spec,
  type Tensor,
  tensor,
  training,
  trainingSpec,
} from "@tenon/tensor";
import { expect, test } from "vitest";
import { webgpu } from "../../backend-webgpu/src/backend.ts";
import { softwareGpu, testWithGpu } from "../../backend-webgpu/src/gpu.test-kit.ts";

const augmentations: Readonly<Record<string, layers.Layer>> = {
  flip: layers.randomFlip(),
  crop: layers.randomCrop(4, 3),
  rotation: layers.randomRotation(0.2),
  zoom: layers.randomZoom(0.4, { widthFactor: 0.2, fillMode: "wrap" }),
  nearestZoom: layers.randomZoom(0.4, { fillMode: "nearest", interpolation: "nearest" }),
  translation: layers.randomTranslation(0.3, 0.3, { fillMode: "constant", fillValue: 0.5 }),
  contrast: layers.randomContrast(0.5, { valueRange: [0, 1] }),
  cutout: layers.cutout(3),
};
const mix = layers.mixup(0.5);

type Results = Readonly<Record<string, Tensor>>;

function augment(images: Tensor, ctx: Context): Results {
  const each = Object.entries(augmentations).map(([name, layer]) => [name, layer.call(images, ctx)]);
  const { x, y } = mix.call({ x: images, y: images.mean({ axis: [1, 2] }) }, ctx);
  return { ...Object.fromEntries(each), x, y };
}

const inputs = [spec(["B", 6, 5, 2]), trainingSpec] as const;

async function valuesOf(results: Results): Promise<Readonly<Record<string, ArrayLike<number>>>> {
  const read = Object.entries(results).map(async ([name, y]) => [name, await y.data()] as const);
  return Object.fromEntries(await Promise.all(read)) as Readonly<Record<string, ArrayLike<number>>>;
}

/** In one compiled step for batches of any size, and alone on the interpreter. */
async function compares(backend: BackendChoice): Promise<void> {
  await setBackend(interpreter());
  const step = compile(augment, { inputs, backend });
  const pixels = (await randomUniform(key(0), [7 * 60]).data()) as Float32Array;
  for (const size of [7, 3]) {
    const images = tensor(pixels.slice(0, size * 60), { shape: [size, 6, 5, 2] });
    const expected = await valuesOf(augment(images, training(key(1))));
    const found = await valuesOf(await step(images, training(key(1))));
    expect(Object.keys(found)).toEqual(Object.keys(expected));
    for (const [name, values] of Object.entries(expected))
      expect(relativeDistance(values, found[name]!), name).toBeLessThanOrEqual(parity.forward);
  }
}

test("a compiled step on cpu-js draws what the interpreter draws, for batches of any size", () => compares(cpuJs()));

testWithGpu("and so it does on a GPU", { timeout: 60_000 }, () => compares(webgpu({ gpu: softwareGpu() })));
