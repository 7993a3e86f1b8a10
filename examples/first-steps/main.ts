/**
 * Trains 784-256-256-10 on handwritten digits, saves the step as a file, and has another program go on with it.
 *
 * npm start -- [--dataset mnist|digits] [--images N] [--epochs N] [--batch N] [--backend ID] [--seed N] [--json]
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { currentBackend, setBackend, tensor } from "@tenon/tensor";
import { continueElsewhere } from "./continue.ts";
import { type Batch, batchesOf, loadDigits, partsOf } from "./data.ts";
import { adam, makeNetwork, makePredict, makeStep } from "./network.ts";
import { readOptions, refuse } from "./options.ts";
import { drawDigits, progressLine } from "./picture.ts";

const CONTINUED_STEPS = 20;
const MANY_IMAGES = 10_000;
const WANTED_ACCURACY = { many: 0.95, few: 0.5 }; // MNIST's 60,000 give 0.97 in three epochs; few show that it learns
const TEST_PART = 1000; // images whose classes are asked for at once
const SLOW_ABOVE = 5000; // images

const options = readOptions();
if (options.backend !== undefined) await setBackend(options.backend).catch(refuse);
else if (process.env.TENON_BACKEND === undefined) await setBackend("cpu-js").catch(refuse);
const backend = await currentBackend().catch(refuse);
const { dataset, train, test } = await loadDigits(options.images, options.dataset).catch(refuse);
console.log(
  `${train.labels.length} + ${test.labels.length} images of ${dataset}, network 784-256-256-10, backend ${backend}, seed ${options.seed}`,
);
if (backend === "interpreter" && train.labels.length > SLOW_ABOVE)
  console.log("The interpreter needs minutes for so many images; --images 2000 shows that it learns.");

let interrupted = false;
process.once("SIGINT", () => {
  interrupted = true; // the step at hand is finished first; a second Ctrl-C ends the program at once
});

const started = performance.now();
const batchSize = Math.min(options.batch, train.labels.length);
const network = makeNetwork(options.seed);
const step = makeStep(network, adam(network, { learningRate: 1e-3 }));
const predict = makePredict(network);
const progress = progressLine(options.epochs, train.labels.length);
let [testAccuracy, imagesPerSecond] = [0, 0];
for (let epoch = 0; epoch < options.epochs; epoch++) {
  const began = performance.now();
  let [total, done] = [0, 0];
  for (const batch of batchesOf(train, batchSize, options.seed, epoch)) {
    total += batch.size * (await run(batch));
    done += batch.size;
    imagesPerSecond = done / ((performance.now() - began) / 1000);
    progress.show(epoch, done, `loss ${(total / done).toFixed(4)}`, imagesPerSecond);
    if (interrupted) break;
  }
  if (interrupted) break;
  testAccuracy = await accuracyNow();
  progress.epoch(epoch, `loss ${(total / done).toFixed(4)}  accuracy ${percent(testAccuracy)}`, imagesPerSecond);
}
if (interrupted) {
  console.log("Stopped. Nothing was saved.");
  process.exit(130);
}

const [few] = partsOf(test, 8);
console.log(drawDigits(test, await (await predict(imagesOf(few!))).data(), 8));
console.log(`test accuracy ${percent(testAccuracy)}`);

const folder = await mkdtemp(join(tmpdir(), "first-steps-"));
let equal: boolean;
try {
  await writeFile(join(folder, "step.tenon"), await step.save());
  const batches: Batch[] = [];
  for (const batch of batchesOf(train, batchSize, options.seed, options.epochs)) {
    if (batch.size === batchSize && batches.push(batch) === CONTINUED_STEPS) break;
  }
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
const wanted = train.labels.length < MANY_IMAGES ? WANTED_ACCURACY.few : WANTED_ACCURACY.many;
if (testAccuracy < wanted) console.log(`The accuracy is below ${percent(wanted)}.`);
if (options.json)
  console.log(
    JSON.stringify({ dataset, backend, testAccuracy, imagesPerSecond: Math.round(imagesPerSecond), seconds }),
  );
process.exitCode = testAccuracy >= wanted && equal ? 0 : 1;

function imagesOf({ images, size }: Batch) {
  return tensor(images, { shape: [size, 784] });
}

async function run(batch: Batch): Promise<number> {
  const loss = await step(imagesOf(batch), tensor(batch.labels, { dtype: "int32" }));
  return loss.item();
}

/** The part of the test images whose class the network names. */
async function accuracyNow(): Promise<number> {
  let right = 0;
  for (const some of partsOf(test, TEST_PART)) {
    const guesses = await (await predict(imagesOf(some))).data();
    right += some.labels.filter((label, i) => label === Number(guesses[i])).length;
  }
  return right / test.labels.length;
}

function percent(x: number): string {
  return `${(100 * x).toFixed(1)} %`;
}
