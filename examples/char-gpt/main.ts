/**
 * A small GPT learns to write like Shakespeare: each character looks back at those before it, in four blocks of attention.
 * It then writes a text of its own, and a picture of the network is in char-gpt.svg.
 *
 * npm run example -- char-gpt [--text shakespeare|verses] [--steps N] [--batch-size N] [--length N] [--blocks N] [--width N]
 *   [--heads N] [--learning-rate X] [--seed N] [--backend ID] [--json]
 *
 * The network of Radford et al. 2018, Improving language understanding by generative pre-training, in the size that nanoGPT
 * trains on a CPU.
 */
import { writeFile } from "node:fs/promises";
import { endless, randomTokenWindows, tokenWindows } from "@tenon/datasets";
import { dense, embedding, layerNorm, normal, sequential, transformerDecoder } from "@tenon/layers";
import { toSvg } from "@tenon/layers/pictures";
import { adamw, chain, clipByGlobalNorm, cosineDecay, warmup } from "@tenon/optimizers";
import { compile, HostRandom, hostKey, type Tensor, tensor } from "@tenon/tensor";
import { Trainer } from "@tenon/train";
import { refuse, start } from "../shared/start.ts";
import { draw, frequencyLoss, loadLetters, textSets } from "../shared/text.ts";

const FILE = "char-gpt.svg"; // in the working directory
const WRITTEN = 500; // characters that are shown

const sizes = { length: 64, blocks: 4, width: 128, heads: 4 };
const options = { text: textSets, steps: 2000, batchSize: 12, ...sizes, learningRate: 0.003 };
const started = await start("char-gpt", options);
const { text, steps, batchSize, length, blocks, width, heads, learningRate, seed, check } = started;
const letters = await loadLetters(text).catch(refuse);
const { name, vocabulary } = letters;

const kernelInit = normal({ stddev: 0.05 });
const block = () =>
  transformerDecoder({
    ...{ numHeads: heads, intermediateDim: 4 * width, activation: "gelu", normalizeFirst: true },
    ...{ rope: true, useBias: false, kernelInit }, // queries and keys turn by their places, so that nothing is learned for each
  });
const model = sequential([
  embedding(vocabulary.size, width, { init: kernelInit }),
  ...Array.from({ length: blocks }, block),
  layerNorm(),
  dense(vocabulary.size, { useBias: false, kernelInit }),
]);
const warm = Math.ceil(steps / 20); // large steps come when the first moments of the gradients are known
const rate = warmup(warm, cosineDecay(learningRate, { steps: steps - warm, to: learningRate / 50 }));
const trainer = new Trainer({
  model,
  loss: "sparseCategoricalCrossEntropy", // of every character of a window
  optimizer: chain(clipByGlobalNorm(1), adamw({ learningRate: rate, beta2: 0.99, weightDecay: 0.1 })),
  metrics: ["accuracy"],
  seed,
});
const windows = endless((count, key) => randomTokenWindows(letters.train, { length, count, seed: key }));
const test = tokenWindows(letters.test, { length });
const parts = Math.min(10, steps);
const stepsPerEpoch = Math.ceil(steps / parts);
await trainer.fit(windows, { epochs: parts, stepsPerEpoch, batchSize, validation: test.take(128) });
await writeFile(FILE, toSvg(model, { depth: 2 }));
console.log(`the network as a picture: ${FILE}`);

// It reads a few lines that it has not seen, and goes on: always by what it makes of the last characters.
const next = compile((ids: Tensor) => model.call(ids).sliceAxis(1, length - 1));
const random = new HostRandom(hostKey(seed));
const ids = Array.from(letters.test.slice(0, length));
while (ids.length < length + WRITTEN) {
  const logits = await next(tensor(Int32Array.from(ids.slice(-length)), { shape: [1, length] }));
  ids.push(draw(await logits.data(), random));
}
console.log(`\n${vocabulary.decode(ids.slice(0, length))}\n┄┄┄\n${vocabulary.decode(ids.slice(length))}\n`);

const { loss, accuracy } = await trainer.evaluate(test);
const simple = frequencyLoss(letters);
console.log(
  `loss of the text that it has not seen: ${loss.toFixed(3)} nats a character (by frequency: ${simple.toFixed(3)})`,
);
const wanted = name === "shakespeare" && steps >= 2000 ? 1.9 : simple;
check(loss <= wanted, `at most ${wanted.toFixed(3)} nats`, { text: name, steps, loss, accuracy, wanted });
