/**
 * The smallest convolutional network that reads handwritten digits well: two layers of filters, and a score for each digit.
 *
 * npm run example -- mnist-cnn-small [--dataset mnist|fashion-mnist|digits] [--epochs N] [--batch-size N] [--images N]
 *   [--seed N] [--backend ID] [--json]
 */
import { conv2d, dense, dropout, flatten, maxPooling2d, reshape, sequential } from "@tenon/layers";
import { Trainer } from "@tenon/train";
import { imageSets, loadImages, percent, wantedAccuracy } from "../shared/images.ts";
import { refuse, start } from "../shared/start.ts";

const options = { dataset: imageSets, epochs: 3, batchSize: 128, images: 60_000 };
const { dataset: wish, epochs, batchSize, images, seed, check } = await start("mnist-cnn-small", options);
const { dataset, train, test } = await loadImages(wish, images).catch(refuse);

const trainer = new Trainer({
  model: sequential([
    reshape([28, 28, 1]), // one channel: grey
    conv2d(32, 3, { activation: "relu" }),
    maxPooling2d(2),
    conv2d(64, 3, { activation: "relu" }),
    maxPooling2d(2),
    flatten(),
    dropout(0.5), // half of the shapes that were found are left out of each step, so that none is relied on
    dense(10),
  ]),
  loss: "sparseCategoricalCrossEntropy",
  metrics: ["accuracy"],
  seed,
}); // Adam, with a rate of 0.001
await trainer.fit(train, { epochs, batchSize, validation: test });

const { loss, accuracy } = await trainer.evaluate(test);
console.log(`${percent(accuracy)} of ${test.size} pictures of ${dataset} that it has not seen are right`);
const wanted = wantedAccuracy(dataset, train.size, epochs, "few convolutions");
check(accuracy >= wanted, `at least ${percent(wanted)} are right`, { dataset, accuracy, loss, wanted });
