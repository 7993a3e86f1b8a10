/**
 * A network that squeezes pictures through 32 numbers and draws them again from these, and so learns what matters in them.
 * autoencoder.png shows pictures, what comes back, and pictures between two pictures.
 *
 * npm run example -- autoencoder [--dataset mnist|fashion-mnist|digits] [--epochs N] [--batch-size N] [--images N]
 *   [--numbers N] [--seed N] [--backend ID] [--json]
 */
import { writeFile } from "node:fs/promises";
import { constant, conv2d, conv2dTranspose, dense, flatten, reshape, sequential, summary } from "@tenon/layers";
import { adam, cosineDecay } from "@tenon/optimizers";
import { concat, type Tensor } from "@tenon/tensor";
import { Trainer } from "@tenon/train";
import { imageSets, loadImages } from "../shared/images.ts";
import { pictureSheet } from "../shared/png.ts";
import { refuse, start } from "../shared/start.ts";

const FILE = "autoencoder.png"; // in the working directory
const SHOWN = 10;

const options = { dataset: imageSets, epochs: 4, batchSize: 128, images: 60_000, numbers: 32 };
const { dataset: wish, epochs, batchSize, images, numbers, seed, check } = await start("autoencoder", options);
const { dataset, train, test } = await loadImages(wish, images).catch(refuse);

const relu = { activation: "relu", kernelInit: "heUniform" } as const;
const encoder = sequential([
  reshape([28, 28, 1]),
  conv2d(16, 3, { strides: 2, padding: "same", ...relu }), // half as wide and high: 14 × 14
  conv2d(32, 3, { strides: 2, padding: "same", ...relu }), // 7 × 7
  flatten(),
  dense(numbers),
]);
const decoder = sequential([
  dense(7 * 7 * 32, relu),
  reshape([7, 7, 32]),
  conv2dTranspose(16, 3, { strides: 2, padding: "same", ...relu }), // twice as wide and high: 14 × 14
  conv2dTranspose(1, 3, { strides: 2, padding: "same", activation: "sigmoid", biasInit: constant(-2) }), // 28 × 28; paper is white
  reshape([28, 28]),
]);
const model = sequential({ encoder, decoder });
const steps = epochs * Math.ceil(train.size / batchSize);
const trainer = new Trainer({
  model,
  loss: "binaryCrossEntropy", // how much ink a pixel has is a probability, to it
  optimizer: adam({ learningRate: cosineDecay(0.003, { steps }) }),
  metrics: ["meanSquaredError"],
  seed,
});
const same = (data: typeof train) => data.map(({ x }) => ({ x, y: x })); // a picture is what should come out for it
await trainer.fit(same(train), { epochs, batchSize });
console.log(summary(model));

// What would be lost if every picture came back as the mean of all.
const pixels = train.x.data;
const mean = new Float64Array(28 * 28);
for (let i = 0; i < pixels.length; i++) mean[i % mean.length]! += pixels[i]! / train.size;
const errorOf = (found: ArrayLike<number>, wanted: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < wanted.length; i++) sum += (found[i % found.length]! - wanted[i]!) ** 2;
  return sum / wanted.length;
};
const drawn = await (await trainer.predict(test.x)).data();
const [error, meanError] = [errorOf(drawn, test.x.data), errorOf(mean, test.x.data)];

// Between the codes of two pictures lie codes of pictures that nobody drew.
const shown = test.x.slice(0, SHOWN).tensor();
const codes = encoder.call(shown);
const row = (i: number): Tensor => codes.slice({ start: [i, 0], limit: [i + 1, numbers] });
const between = Array.from({ length: SHOWN }, (_, i) => i / (SHOWN - 1)).map((share) =>
  row(0)
    .mul(1 - share)
    .add(row(1).mul(share)),
);
const sheet = [shown, decoder.call(codes), decoder.call(concat(between, { axis: 0 }))];
await writeFile(FILE, pictureSheet((await Promise.all(sheet.map((t: Tensor) => t.data()))) as Float32Array[], 28));
console.log(`${FILE}: pictures, the same drawn from ${numbers} numbers, and pictures between the first two`);

console.log(`squared error of a pixel: ${error.toFixed(4)}; of the mean picture ${meanError.toFixed(4)}`);
const wanted = train.size < 10_000 ? 0.6 : 0.2;
const share = error / meanError;
check(share <= wanted, `the error is at most ${wanted} of that of the mean picture`, {
  dataset,
  error,
  meanError,
  share,
  wanted,
});
