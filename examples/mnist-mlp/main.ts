/**
 * Two hidden layers of 256 neurons read handwritten digits, and the learning rate falls while they learn.
 *
 * npm run example -- mnist-mlp [--dataset mnist|fashion-mnist|digits] [--epochs N] [--batch-size N] [--images N]
 *   [--learning-rate X] [--seed N] [--backend ID] [--json]
 */
import { dense, flatten, sequential } from "@tenon/layers";
import { adam, cosineDecay } from "@tenon/optimizers";
import { Trainer } from "@tenon/train";
import { imageSets, loadImages, percent, wantedAccuracy } from "../shared/images.ts";
import { refuse, start } from "../shared/start.ts";

const options = { dataset: imageSets, epochs: 5, batchSize: 128, images: 60_000, learningRate: 0.002 };
const { dataset: wish, epochs, batchSize, images, learningRate, seed, check } = await start("mnist-mlp", options);
const { dataset, train, test } = await loadImages(wish, images).catch(refuse);

// Large steps at first, small ones at the end: with a fixed rate the last steps only jump about the minimum.
const steps = epochs * Math.ceil(train.size / batchSize);

const trainer = new Trainer({
  model: sequential([
    flatten(),
    dense(256, { activation: "relu", kernelInit: "heNormal" }), // initial weights as large as ReLU likes them
    dense(256, { activation: "relu", kernelInit: "heNormal" }),
    dense(10),
  ]),
  loss: "sparseCategoricalCrossEntropy",
  optimizer: adam({ learningRate: cosineDecay(learningRate, { steps }) }),
  metrics: ["accuracy"],
  seed,
});
await trainer.fit(train, { epochs, batchSize, validation: test });

const { loss, accuracy } = await trainer.evaluate(test);
console.log(`${percent(accuracy)} of ${test.size} pictures of ${dataset} that it has not seen are right`);
const wanted = wantedAccuracy(dataset, train.size, epochs);
check(accuracy >= wanted, `at least ${percent(wanted)} are right`, { dataset, accuracy, loss });
