/**
 * One epoch of the main job: 784-256-256-10 with Adam on 60,000 images in batches of 128 and one of 96, on one thread with
 * default flags. Median of the epochs after the first; the time of the first step, which traces and compiles, by its parts.
 *
 * npm run bench -- mnist-epoch [--backend ID] [--images N] [--epochs N] [--json]
 *
 * A step is 0.155 GFLOP, products alone; the floor is that at the microkernel's rate, which `npm run bench -- wasm-gemm`
 * measures on the same machine. PyTorch's figures for comparison have to be measured beside it.
 */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { currentBackend, memory, setBackend, tensor } from "@tenon/tensor";
import { type Batch, batchesOf, loadDigits } from "./main-job/data.ts";
import { adam, makeNetwork, makeStep } from "./main-job/network.ts";

const BATCH = 128;
/** Of a step: forward, and both gradients of each product but that of the images. */
const FLOP = 2 * BATCH * (2 * 784 * 256 + 3 * 256 * 256 + 3 * 256 * 10);

const { values: options } = parseArgs({
  options: {
    backend: { type: "string", default: "cpu-js" },
    images: { type: "string", default: "60000" },
    epochs: { type: "string", default: "5" },
    json: { type: "boolean", default: false },
  },
});

await setBackend(options.backend);
const { dataset, train } = await loadDigits(Number(options.images));
const network = makeNetwork(0);
const step = makeStep(network, adam(network));

const run = ({ images, labels, size }: Batch) =>
  step(tensor(images, { shape: [size, 784] }), tensor(labels, { dtype: "int32" }));

/** Milliseconds until the work is done. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1]!;

const [warmUp] = batchesOf(train, BATCH, 0, 0);
const first = await timed(async () => (await run(warmUp!)).item());
const second = await timed(async () => (await run(warmUp!)).item());

const epochs: number[] = [];
const steps: number[] = [];
for (let epoch = 0; epoch <= Number(options.epochs); epoch++) {
  const milliseconds = await timed(async () => {
    for (const batch of batchesOf(train, BATCH, 0, epoch)) {
      const one = await timed(async () => (await run(batch)).item());
      if (epoch > 0 && batch.size === BATCH) steps.push(one);
    }
  });
  if (epoch > 0) epochs.push(milliseconds);
}

const perStep = median(steps);
const results = {
  "first step, with tracing and compiling, ms": first,
  "second step, ms": second,
  "an epoch, s": median(epochs) / 1000,
  "images per second": (1000 * train.labels.length) / median(epochs),
  "a step of 128, ms": perStep,
  "GFLOP/s of its products": FLOP / perStep / 1e6,
  "memory of the device, MB": memory().devices.reduce((sum, { liveBytes }) => sum + liveBytes, 0) / 1e6,
};
console.log(`${train.labels.length} images of ${dataset}, backend ${await currentBackend()}, Node ${process.version}`);
for (const [what, value] of Object.entries(results)) console.log(`${what.padEnd(52)}${value.toFixed(2)}`);
if (options.json)
  await writeFile(
    new URL("mnist-epoch.json", import.meta.url),
    `${JSON.stringify({ node: process.version, dataset, results }, null, 2)}\n`,
  );
