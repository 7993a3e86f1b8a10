import { webgpu } from "@tenon/backend-webgpu";
import { blobs } from "@tenon/datasets";
import { dense, dropout, sequential } from "@tenon/layers";
import { adam } from "@tenon/optimizers";
import type { BackendChoice, Variable } from "@tenon/tensor";
import { variablesOf } from "@tenon/tensor";
import { treeLeaves } from "@tenon/tree";
import { expect } from "vitest";
import { fragile } from "../../backend-webgpu/src/fragile.test-kit.ts";
import { type Callback, Trainer } from "./index.ts";

const points = blobs({ count: 64, classes: 3, seed: 0 });

/** All numbers that a training comes to. */
async function trained(backend: BackendChoice, epochs: number, callback: Callback): Promise<unknown> {
  const trainer = new Trainer({
    model: sequential([dense(8, { activation: "relu" }), dropout(0.2), dense(3)]),
    loss: "sparseCategoricalCrossEntropy",
    optimizer: adam({ learningRate: 0.02 }),
    metrics: ["accuracy"],
    backend,
    seed: 0,
  });
  const options = { epochs, batchSize: 8, validationSplit: 0.25, recover: { everySteps: 4 } } as const;
  const history = await trainer.fit(points, { ...options, progress: "quiet", callbacks: [callback] });
  const evaluation = await trainer.evaluate(points);
  const predictions = Array.from((await (await trainer.predict(points)).data()) as Float32Array);
  const variables = [trainer.model, trainer.optimizer].flatMap(
    (s) => treeLeaves<unknown>(variablesOf(s)) as Variable[],
  );
  const state = await Promise.all(variables.map(async (v) => Array.from((await v.value.data()) as Float32Array)));
  const records = history.epochs.map(({ seconds, ...rest }) => rest);
  return { records, batches: history.batches, evaluation, predictions, state };
}

/** Trains on a GPU whose device is destroyed so often, and on one that is left alone, and compares every number. */
export async function outlives(losses: number, epochs: number): Promise<void> {
  const wanted = await trained(webgpu({ gpu: fragile().gpu }), epochs, {});
  const { gpu, destroy, devices } = fragile();
  let state = 1;
  const draw = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  let destroyed = 0;
  const callback: Callback = {
    onBatchEnd() {
      if (destroyed === losses) return;
      destroyed++;
      if (draw(2) === 0) destroy();
      else setTimeout(destroy, draw(8)); // in another step, or while it is being copied or given back
    },
  };
  expect(await trained(webgpu({ gpu }), epochs, callback)).toEqual(wanted);
  expect(destroyed).toBe(losses);
  expect(devices()).toBeGreaterThan(losses / 2);
}
