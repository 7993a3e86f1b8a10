/**
 * What `npm start` runs: a network learns to read handwritten digits, shows what it reads, and is saved and loaded.
 *
 * npm start -- [--dataset mnist|fashion-mnist|digits] [--epochs N] [--batch-size N] [--images N] [--seed N] [--backend ID] [--json]
 */
import { readFile } from "node:fs/promises";
import { dense, flatten, sequential } from "@tenon/layers";
import { sparseCategoricalCrossEntropy } from "@tenon/losses";
import { confusionMatrix } from "@tenon/metrics";
import { adam } from "@tenon/optimizers";
import { argmax, loadStep } from "@tenon/tensor";
import { Trainer } from "@tenon/train";
import { imageSets, loadImages, percent, wantedAccuracy } from "../shared/images.ts";
import { refuse, start } from "../shared/start.ts";
import { drawImages } from "./picture.ts";

const FILE = "mnist.tenon"; // in the working directory

const options = { dataset: imageSets, epochs: 5, batchSize: 128, images: 60_000 };
const { dataset: wish, epochs, batchSize, images, seed, backend, check } = await start("mnist", options);
const { dataset, train, test } = await loadImages(wish, images).catch(refuse);
console.log(
  `${train.size} + ${test.size} pictures of ${dataset}, network 784-256-256-10, backend ${backend}, seed ${seed}`,
);

const trainer = new Trainer({
  model: sequential([flatten(), dense(256, { activation: "relu" }), dense(256, { activation: "relu" }), dense(10)]),
  loss: sparseCategoricalCrossEntropy,
  optimizer: adam({ learningRate: 1e-3 }),
  metrics: ["accuracy"],
  seed,
});
const began = performance.now();
const { stopped } = await trainer.fit(train, { epochs, batchSize, validation: test, handleInterrupt: FILE });
const trainSeconds = Number(((performance.now() - began) / 1000).toFixed(2));
if (stopped === "interrupted") {
  console.log(
    `Stopped after ${trainer.epoch} of ${epochs} epochs. ${FILE} has all of it: trainer.load("${FILE}") goes on from there.`,
  );
  process.exit(130);
}

// Pictures that it has not seen, what it takes them for, and where it errs.
const logits = await trainer.predict(test.x); // a score for each class
const guesses = Array.from(await argmax(logits, { axis: -1 }).data(), Number);
const wrong = guesses.flatMap((guess, i) => (guess === test.y.data[i] ? [] : [i]));
console.log(`\n${drawImages(test, guesses, [0, 1, 2, 3, 4, 5, 6, 7])}`);
if (wrong.length > 0)
  console.log(`\nand some of those that it gets wrong:\n\n${drawImages(test, guesses, wrong.slice(0, 8))}`);

const matrix = confusionMatrix({ classes: 10, names: test.y.classes! });
console.log(`\n${await matrix.result(matrix.update(matrix.init(), logits, test.y.tensor()))}\n`);

// The file has the program and its numbers. @tenon/tensor and a backend are enough to use it.
await trainer.save(FILE);
const predict = await loadStep(await readFile(FILE));
const some = test.x.slice(0, 100).tensor();
const [here, there] = [await (await trainer.predict(some)).data(), await (await predict(some)).data()];
const equal = here.every((score, i) => Object.is(score, there[i]));
console.log(`saved as ${FILE}; loaded again it predicts ${equal ? "equally, bit for bit" : "something else"}`);

const { loss, accuracy } = await trainer.evaluate(test);
const wanted = wantedAccuracy(dataset, train.size, epochs);
console.log(`test accuracy ${percent(accuracy)} after ${trainSeconds} s of training`);
const results = { dataset, backend, epochs, trainSeconds, testAccuracy: accuracy, testLoss: loss };
check(equal && accuracy >= wanted, `at least ${percent(wanted)} are right, and the file predicts equally`, results);
