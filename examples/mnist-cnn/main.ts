/**
 * A convolutional network reads handwritten digits: three layers of 3 × 3 filters see strokes, corners and shapes.
 * A picture of the network is in mnist-cnn.svg.
 *
 * npm run example -- mnist-cnn [--dataset mnist|fashion-mnist|digits] [--epochs N] [--batch-size N] [--images N]
 *   [--learning-rate X] [--seed N] [--backend ID] [--json]
 */
import { writeFile } from "node:fs/promises";
import { conv2d, dense, flatten, maxPooling2d, reshape, sequential, summary } from "@tenon/layers";
import { toSvg } from "@tenon/layers/pictures";
import { adam, cosineDecay } from "@tenon/optimizers";
import { Trainer } from "@tenon/train";
import { imageSets, loadImages, percent, wantedAccuracy } from "../shared/images.ts";
import { refuse, start } from "../shared/start.ts";

const FILE = "mnist-cnn.svg"; // in the working directory

const options = { dataset: imageSets, epochs: 3, batchSize: 64, images: 60_000, learningRate: 0.002 };
const { dataset: wish, epochs, batchSize, images, learningRate, seed, check } = await start("mnist-cnn", options);
const { dataset, train, test } = await loadImages(wish, images).catch(refuse);

const model = sequential([
  reshape([28, 28, 1]), // one channel: grey
  conv2d(32, 3, { activation: "relu", kernelInit: "heUniform" }),
  maxPooling2d(2), // of each 2 × 2 the largest: where exactly a stroke is matters less and less
  conv2d(64, 3, { activation: "relu", kernelInit: "heUniform" }),
  maxPooling2d(2),
  conv2d(64, 3, { activation: "relu", kernelInit: "heUniform" }),
  flatten(),
  dense(64, { activation: "relu", kernelInit: "heUniform" }),
  dense(10),
]);
const steps = epochs * Math.ceil(train.size / batchSize);
const trainer = new Trainer({
  model,
  loss: "sparseCategoricalCrossEntropy",
  optimizer: adam({ learningRate: cosineDecay(learningRate, { steps }) }),
  metrics: ["accuracy"],
  seed,
});
await trainer.fit(train, { epochs, batchSize, validation: test });
console.log(summary(model));
await writeFile(FILE, toSvg(model));
console.log(`the network as a picture: ${FILE}`);

const { loss, accuracy } = await trainer.evaluate(test);
console.log(`${percent(accuracy)} of ${test.size} pictures of ${dataset} that it has not seen are right`);
const wanted = wantedAccuracy(dataset, train.size, epochs, "convolutions");
check(accuracy >= wanted, `at least ${percent(wanted)} are right`, { dataset, accuracy, loss, wanted });
