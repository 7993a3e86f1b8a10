/**
 * Trains 784-32-10 on 1,000 handwritten digits, saves the step as a file, and has another program go on with it.
 *
 * npm start -- [--dataset mnist|digits] [--epochs N] [--backend ID] [--seed N] [--json]
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { currentBackend, setBackend, tensor } from "@tenon/tensor";
import { continueElsewhere } from "./continue.ts";
import { type Batch, batchesOf, loadDigits } from "./data.ts";
import { adam, makeNetwork, makePredict, makeStep } from "./network.ts";
import { readOptions, refuse } from "./options.ts";
import { drawDigits, progressLine } from "./picture.ts";

const BATCH_SIZE = 50;
const CONTINUED_STEPS = 20;
const WANTED_ACCURACY = 0.85;

const options = readOptions();
if (options.backend !== undefined) await setBackend(options.backend).catch(refuse);
const backend = await currentBackend().catch(refuse);
const { dataset, train, test } = await loadDigits(options.dataset).catch(refuse);
console.log(
  `${train.labels.length} + ${test.labels.length} images of ${dataset}, network 784-32-10, backend ${backend}, seed ${options.seed}`,
);

let interrupted = false;
process.once("SIGINT", () => {
  interrupted = true; // the step at hand is finished first; a second Ctrl-C ends the program at once
});

const started = performance.now();
const network = makeNetwork(options.seed);
const step = makeStep(network, adam(network, { learningRate: 3e-3 }));
const progress = progressLine(options.epochs);
for (let epoch = 0; epoch < options.epochs && !interrupted; epoch++) {
  let total = 0;
  const batches = batchesOf(train, BATCH_SIZE, options.seed, epoch);
  for (const batch of batches) {
    total += await run(batch);
    if (interrupted) break;
  }
  progress.show(epoch + 1, total / batches.length);
}
progress.end();
if (interrupted) {
  console.log("Stopped. Nothing was saved.");
  process.exit(130);
}

const predictions = await makePredict(network)(tensor(test.images, { shape: [test.labels.length, 784] }));
const predicted = await predictions.data();
const correct = test.labels.filter((label, i) => label === Number(predicted[i])).length;
const testAccuracy = correct / test.labels.length;
console.log(drawDigits(test, predicted, 8));
console.log(`test accuracy ${(100 * testAccuracy).toFixed(1)} %`);

const folder = await mkdtemp(join(tmpdir(), "first-steps-"));
let equal: boolean;
try {
  await writeFile(join(folder, "step.tenon"), await step.save());
  const batches = batchesOf(train, BATCH_SIZE, options.seed, options.epochs).slice(0, CONTINUED_STEPS);
  const elsewhere = continueElsewhere(folder, batches, backend);
  const here: number[] = [];
  for (const batch of batches) here.push(await run(batch));
  const there = await elsewhere;
  equal = here.length === there.length && here.every((loss, i) => Object.is(loss, there[i]));
  console.log(
    `${there.length} more steps by another program from step.tenon: losses ${equal ? "equal bit for bit" : `differ: ${here.join(" ")} here, ${there.join(" ")} there`}`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}

const seconds = Number(((performance.now() - started) / 1000).toFixed(2));
if (testAccuracy < WANTED_ACCURACY) console.log(`The accuracy is below ${100 * WANTED_ACCURACY} %.`);
if (options.json) console.log(JSON.stringify({ dataset, backend, testAccuracy, seconds }));
process.exitCode = testAccuracy >= WANTED_ACCURACY && equal ? 0 : 1;

async function run({ images, labels, size }: Batch): Promise<number> {
  const loss = await step(tensor(images, { shape: [size, 784] }), tensor(labels, { dtype: "int32" }));
  return loss.item();
}
