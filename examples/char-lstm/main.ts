/**
 * A recurrent network learns to write like Shakespeare, one character after the other, and shows what it writes.
 *
 * npm run example -- char-lstm [--text shakespeare|verses] [--steps N] [--batch-size N] [--length N] [--units N]
 *   [--learning-rate X] [--seed N] [--backend ID] [--json]
 */
import { endless, randomTokenWindows, tokenWindows } from "@tenon/datasets";
import { dense, embedding, Layer, lstm } from "@tenon/layers";
import { adam, chain, clipByGlobalNorm, cosineDecay } from "@tenon/optimizers";
import { type Context, compile, HostRandom, hostKey, inference, type Tensor, tensor, zeros } from "@tenon/tensor";
import { Trainer } from "@tenon/train";
import { refuse, start } from "../shared/start.ts";
import { draw, frequencyLoss, loadLetters, textSets } from "../shared/text.ts";

const WRITTEN = 400; // characters that are shown

const options = { text: textSets, steps: 1500, batchSize: 32, length: 64, units: 256, learningRate: 0.004 };
const { text, steps, batchSize, length, units, learningRate, seed, check } = await start("char-lstm", options);
const letters = await loadLetters(text).catch(refuse);
const { name, vocabulary } = letters;

/** Characters to logits of those that follow. What it remembers goes along where characters come one by one. */
class Writer extends Layer {
  letters = embedding(vocabulary.size, 32);
  memory = lstm(units, { returnSequences: true, returnState: true });
  out = dense(vocabulary.size);

  /** (N, T) → (N, T, characters) */
  override forward(ids: Tensor, ctx: Context): Tensor {
    const [y] = this.memory.call(this.letters.call(ids, ctx), ctx);
    return this.out.call(y, ctx);
  }

  /** (1, 1) and what it remembered → (1, 1, characters) and what it remembers now */
  next(id: Tensor, state: readonly Tensor[]): readonly Tensor[] {
    const [y, ...rest] = this.memory.call({ input: this.letters.call(id), state }, inference);
    return [this.out.call(y), ...rest];
  }
}

const model = new Writer();
const trainer = new Trainer({
  model,
  loss: "sparseCategoricalCrossEntropy", // of every character of a window
  optimizer: chain(clipByGlobalNorm(1), adam({ learningRate: cosineDecay(learningRate, { steps }) })),
  metrics: ["accuracy"],
  seed,
});
const windows = endless((count, key) => randomTokenWindows(letters.train, { length, count, seed: key }));
const test = tokenWindows(letters.test, { length });
const parts = Math.min(10, steps);
const stepsPerEpoch = Math.ceil(steps / parts);
await trainer.fit(windows, { epochs: parts, stepsPerEpoch, batchSize, validation: test.take(256) });

// It is shown a line's end, and goes on from there.
const next = compile((id: Tensor, h: Tensor, c: Tensor) => model.next(id, [h, c]));
const random = new HostRandom(hostKey(seed));
let state: readonly Tensor[] = [zeros([1, units]), zeros([1, units])];
let [id] = vocabulary.encode("\n");
const written: number[] = [];
while (written.length < WRITTEN) {
  const [logits, ...after] = await next(tensor(Int32Array.of(id!), { shape: [1, 1] }), state[0]!, state[1]!);
  id = draw(await logits!.data(), random);
  state = after;
  written.push(id);
}
console.log(`\n${vocabulary.decode(written)}\n`);

const { loss, accuracy } = await trainer.evaluate(test);
const simple = frequencyLoss(letters);
console.log(
  `loss of the text that it has not seen: ${loss.toFixed(3)} nats a character (by frequency: ${simple.toFixed(3)})`,
);
const wanted = name === "shakespeare" && steps >= 1500 ? 1.9 : simple;
check(loss <= wanted, `at most ${wanted.toFixed(3)} nats`, { text: name, steps, loss, accuracy, wanted });
