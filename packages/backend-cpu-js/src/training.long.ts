import { drawDigits } from "@tenon/datasets";
import { matmul, softmaxCrossEntropy } from "@tenon/ir";
import { expect, test } from "vitest";
import { firstOutside } from "../../conformance/src/tolerance.ts";
import { lossesOf, referenceBand } from "../../conformance/src/training.ts";
import { initialParameters, type TrainingProgram } from "../../conformance/src/training-programs.ts";
import { cpuJs } from "./index.ts";

const PIXELS = 28 * 28;
const [STEPS, SEED, BATCH] = [200, 1, 32];
const { images, labels } = drawDigits({ count: 4000 });

/** The network of the main job, on pictures of digits. */
const network: TrainingProgram = {
  name: "784-256-256-10",
  parameters: {
    ...{ w1: { shape: [PIXELS, 256] }, b1: { shape: [256], start: 0 } },
    ...{ w2: { shape: [256, 256] }, b2: { shape: [256], start: 0 } },
    ...{ w3: { shape: [256, 10] }, b3: { shape: [10], start: 0 } },
  },
  batch: (B) => [
    { dtype: "uint8", shape: [B, PIXELS] },
    { dtype: "int32", shape: [B] },
  ],
  examples(size, _task, draw) {
    const chosen = Array.from({ length: size }, () => draw.integer(0, labels.length - 1));
    return [chosen.flatMap((i) => [...images.subarray(i * PIXELS, (i + 1) * PIXELS)]), chosen.map((i) => labels[i]!)];
  },
  loss({ w1, b1, w2, b2, w3, b3 }, [pictures, classes]) {
    const x = pictures!.cast("float32").div(255);
    const h = matmul(matmul(x, w1!).add(b1!).relu(), w2!).add(b2!).relu();
    return softmaxCrossEntropy(matmul(h, w3!).add(b3!), classes!).mean();
  },
};

test("200 steps of the main job's network stay in the interpreter's band", async () => {
  const options = { steps: STEPS, seed: SEED, size: BATCH };
  const backend = await cpuJs().create();
  const losses = await lossesOf(backend, network, initialParameters(network, SEED), options);
  await backend.close();
  expect(firstOutside(await referenceBand(network, options), losses)).toBe(undefined);
  expect(losses.at(-1)).toBeLessThan(1);
});
