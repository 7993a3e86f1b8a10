/**
 * Does a sentence about a film praise it or find fault? Words become vectors, filters look for groups of three, four and five of
 * them, and what each filter finds most strongly decides. A picture of the network is in sentiment-cnn.svg.
 *
 * npm run example -- sentiment-cnn [--text rt-polarity|opinions] [--epochs N] [--batch-size N] [--seed N] [--backend ID] [--json]
 *
 * Kim 2014, Convolutional neural networks for sentence classification, arXiv:1408.5882, with vectors that start at random.
 */
import { writeFile } from "node:fs/promises";
import {
  DataError,
  dataset,
  moviePolarity,
  opinions,
  padSequences,
  type TrainAndTestTexts,
  words,
} from "@tenon/datasets";
import {
  concatenate,
  conv1d,
  dense,
  dropout,
  embedding,
  globalMaxPooling1d,
  input,
  l2,
  model,
  spatialDropout1d,
  summary,
} from "@tenon/layers";
import { toSvg } from "@tenon/layers/pictures";
import { adam, cosineDecay } from "@tenon/optimizers";
import { Trainer } from "@tenon/train";
import { percent } from "../shared/images.ts";
import { refuse, start } from "../shared/start.ts";

const FILE = "sentiment-cnn.svg"; // in the working directory
const LENGTH = 48; // words; what is longer loses its end
const WIDTH = 64;

const options = { text: ["rt-polarity", "opinions"], epochs: 3, batchSize: 50 } as const;
const { text, epochs, batchSize, seed, check } = await start("sentiment-cnn", options);
const { name, train, test } = await load().catch(refuse);

const known = words(train.texts, { minCount: 2, split: (sentence) => sentence.split(" ") });
const rowsOf = ({ texts, y }: typeof train) => {
  const x = padSequences(texts.map(known.encode), { length: LENGTH, padding: "post", truncating: "post" });
  return dataset({ x, y });
};
console.log(`${train.texts.length} + ${test.texts.length} sentences of ${name}, ${known.size} words`);

const sentence = input([LENGTH], { dtype: "int32", name: "words" });
const vectors = spatialDropout1d(0.3).on(embedding(known.size, WIDTH).on(sentence));
const found = [3, 4, 5].map((size) => {
  const filters = conv1d(64, size, { activation: "relu", kernelRegularizer: l2(1e-4) });
  return globalMaxPooling1d().on(filters.on(vectors)); // whether something is there, wherever it is
});
const kept = dropout(0.5).on(concatenate().on(found));
const network = model({ inputs: sentence, outputs: dense(1, { kernelRegularizer: l2(1e-3) }).on(kept) });

// A few times through the sentences: after that it learns by heart which words stand where.
const steps = epochs * Math.ceil(train.texts.length / batchSize);
const trainer = new Trainer({
  model: network,
  loss: "binaryCrossEntropy",
  optimizer: adam({ learningRate: cosineDecay(0.0015, { steps }) }),
  metrics: ["accuracy"],
  seed,
});
await trainer.fit(rowsOf(train), { epochs, batchSize, validation: rowsOf(test) });
console.log(summary(network));
await writeFile(FILE, toSvg(network));
console.log(`the network as a picture: ${FILE}`);

const { loss, accuracy } = await trainer.evaluate(rowsOf(test));
console.log(`${percent(accuracy)} of ${test.texts.length} sentences that it has not seen are right`);
const wanted = 0.73;
check(accuracy >= wanted, `at least ${percent(wanted)} are right`, { text: name, accuracy, loss, wanted });

async function load(): Promise<TrainAndTestTexts & { readonly name: string }> {
  if (text !== "opinions") {
    try {
      return { name: "rt-polarity", ...(await moviePolarity({ timeoutMs: 4000 })) };
    } catch (error) {
      if (text !== undefined || !(error instanceof DataError)) throw error;
      console.log("The sentences are not here and cannot be fetched, so these are made by rule.");
    }
  }
  return { name: "opinions", ...opinions({ count: 2000, seed }) };
}
