/**
 * A thousand pictures are few. A network learns from them as they are, and another one from pictures that are turned, moved and
 * zoomed a little, differently each time: what it has to recognise stays the same, and it cannot learn pixels by heart.
 * augmentation.png shows some of them.
 *
 * npm run example -- augmentation [--dataset mnist|fashion-mnist|digits] [--epochs N] [--batch-size N] [--images N]
 *   [--seed N] [--backend ID] [--json]
 */
import { writeFile } from "node:fs/promises";
import {
  conv2d,
  dense,
  flatten,
  type Layer,
  maxPooling2d,
  randomRotation,
  randomTranslation,
  randomZoom,
  reshape,
  sequential,
} from "@tenon/layers";
import { adam, cosineDecay } from "@tenon/optimizers";
import { key, training } from "@tenon/tensor";
import { Trainer } from "@tenon/train";
import { imageSets, loadImages, percent } from "../shared/images.ts";
import { pictureSheet } from "../shared/png.ts";
import { refuse, start } from "../shared/start.ts";

const FILE = "augmentation.png"; // in the working directory
const SHOWN = 12;

const options = { dataset: imageSets, epochs: 40, batchSize: 50, images: 1000 };
const { dataset: wish, epochs, batchSize, images, seed, check } = await start("augmentation", options);
const { dataset, train: all, test } = await loadImages(wish, 10 * images).catch(refuse);
const train = all.shuffle(seed).take(images);

const paper = { fillMode: "constant" } as const; // what comes in at the edge is white
const makeAugment = () =>
  sequential([
    reshape([28, 28, 1]),
    randomRotation(0.04, paper), // parts of a turn: up to 14° to either side
    randomTranslation(0.1, 0.1, paper), // up to a tenth of the picture
    randomZoom(0.12, paper),
  ]);

async function learn(before: Layer): Promise<number> {
  const steps = epochs * Math.ceil(train.size / batchSize);
  const trainer = new Trainer({
    model: sequential({
      before, // at work in training alone
      conv1: conv2d(32, 3, { activation: "relu" }),
      pool1: maxPooling2d(2),
      conv2: conv2d(64, 3, { activation: "relu" }),
      pool2: maxPooling2d(2),
      flat: flatten(),
      hidden: dense(64, { activation: "relu" }),
      out: dense(10),
    }),
    loss: "sparseCategoricalCrossEntropy",
    optimizer: adam({ learningRate: cosineDecay(0.002, { steps }) }),
    metrics: ["accuracy"],
    seed,
  });
  const { epochs: course } = await trainer.fit(train, { epochs, batchSize });
  const { accuracy } = await trainer.evaluate(test);
  console.log(
    `  of ${train.size} it learns from ${percent(course.at(-1)!.accuracy!)} are right, of others ${percent(accuracy)}`,
  );
  return accuracy;
}
console.log(`pictures of ${dataset} as they are:`);
const plain = await learn(reshape([28, 28, 1]));
console.log("other ones each time:");
const augmented = await learn(makeAugment());

const shown = train.x.slice(0, SHOWN).tensor();
const augment = makeAugment();
const rows = [shown, ...[0, 1, 2].map((i) => augment.call(shown, training(key(i))))];
await writeFile(FILE, pictureSheet((await Promise.all(rows.map((row) => row.data()))) as Float32Array[], 28));
console.log(`${FILE}: pictures, and what becomes of them, three times`);

const results = { dataset, images: train.size, plain, augmented, gain: augmented - plain };
check(augmented > plain, "more of what it has not seen are right with other pictures each time", results);
