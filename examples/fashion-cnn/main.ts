/**
 * A convolutional network tells ten kinds of clothing apart, and shows which it takes for one another.
 *
 * npm run example -- fashion-cnn [--dataset mnist|fashion-mnist|digits] [--epochs N] [--batch-size N] [--images N]
 *   [--learning-rate X] [--seed N] [--backend ID] [--json]
 */
import { conv2d, dense, dropout, flatten, maxPooling2d, reshape, sequential } from "@tenon/layers";
import { confusionMatrix } from "@tenon/metrics";
import { adam, cosineDecay } from "@tenon/optimizers";
import { Trainer } from "@tenon/train";
import { imageSets, loadImages, percent, wantedAccuracy } from "../shared/images.ts";
import { refuse, start } from "../shared/start.ts";

const options = { dataset: imageSets, epochs: 5, batchSize: 64, images: 60_000, learningRate: 0.002 };
const { dataset: wish, epochs, batchSize, images, learningRate, seed, check } = await start("fashion-cnn", options);
const { dataset, train, test } = await loadImages(wish, images, "fashion-mnist").catch(refuse);

const steps = epochs * Math.ceil(train.size / batchSize);
const trainer = new Trainer({
  model: sequential([
    reshape([28, 28, 1]),
    conv2d(32, 3, { activation: "relu", kernelInit: "heUniform" }),
    maxPooling2d(2),
    conv2d(64, 3, { activation: "relu", kernelInit: "heUniform" }),
    maxPooling2d(2),
    conv2d(64, 3, { activation: "relu", kernelInit: "heUniform" }),
    flatten(),
    dense(128, { activation: "relu", kernelInit: "heUniform" }),
    dropout(0.2), // shirts, coats and pullovers are easily learned by heart
    dense(10),
  ]),
  loss: "sparseCategoricalCrossEntropy",
  optimizer: adam({ learningRate: cosineDecay(learningRate, { steps }) }),
  metrics: ["accuracy"],
  seed,
});
await trainer.fit(train, { epochs, batchSize, validation: test });

const matrix = confusionMatrix({ classes: 10, names: test.y.classes! });
const logits = await trainer.predict(test.x);
console.log(`${await matrix.result(matrix.update(matrix.init(), logits, test.y.tensor()))}\n`);

const { loss, accuracy } = await trainer.evaluate(test);
console.log(`${percent(accuracy)} of ${test.size} pictures of ${dataset} that it has not seen are right`);
const wanted = wantedAccuracy(dataset, train.size, epochs, "convolutions");
check(accuracy >= wanted, `at least ${percent(wanted)} are right`, { dataset, accuracy, loss, wanted });
