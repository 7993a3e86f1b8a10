/**
 * The classic first network: one hidden layer of 128 neurons that reads handwritten digits.
 *
 * npm run example -- mnist-mlp-128 [--dataset mnist|fashion-mnist|digits] [--epochs N] [--batch-size N] [--images N]
 *   [--seed N] [--backend ID] [--json]
 */
import { dense, flatten, sequential, summary } from "@tenon/layers";
import { Trainer } from "@tenon/train";
import { imageSets, loadImages, percent, wantedAccuracy } from "../shared/images.ts";
import { refuse, start } from "../shared/start.ts";

const options = { dataset: imageSets, epochs: 5, batchSize: 128, images: 60_000 };
const { dataset: wish, epochs, batchSize, images, seed, check } = await start("mnist-mlp-128", options);
const { dataset, train, test } = await loadImages(wish, images).catch(refuse);

const model = sequential([
  flatten(), // 28 rows of 28 pixels become 784 numbers
  dense(128, { activation: "relu" }),
  dense(10), // a score for each digit; the loss makes probabilities of them
]);
const trainer = new Trainer({ model, loss: "sparseCategoricalCrossEntropy", metrics: ["accuracy"], seed }); // Adam
await trainer.fit(train, { epochs, batchSize, validation: test });

console.log(summary(model));
const { loss, accuracy } = await trainer.evaluate(test);
console.log(`${percent(accuracy)} of ${test.size} pictures of ${dataset} that it has not seen are right`);
const wanted = wantedAccuracy(dataset, train.size, epochs);
check(accuracy >= wanted, `at least ${percent(wanted)} are right`, { dataset, accuracy, loss });
