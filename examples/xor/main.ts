/**
 * Exclusive or: four neurons and one learn what a single neuron cannot.
 *
 * npm run example -- xor [--epochs N] [--seed N] [--backend ID] [--json]
 */
import { xor } from "@tenon/datasets";
import { dense, sequential } from "@tenon/layers";
import { adam } from "@tenon/optimizers";
import { Trainer } from "@tenon/train";
import { start } from "../shared/start.ts";

const { epochs, seed, check } = await start("xor", { epochs: 1000 });

const data = xor(); // x (4, 2) has the four cases, y (4, 1) the answers

const trainer = new Trainer({
  model: sequential([dense(4, { activation: "sigmoid" }), dense(1, { activation: "sigmoid" })]),
  loss: "binaryCrossEntropy", // the answer is yes or no
  optimizer: adam({ learningRate: 0.1 }),
  metrics: ["accuracy"],
  seed,
});

// An epoch is one look at all four cases: too short for a line of progress each.
const { epochs: history } = await trainer.fit(data, { epochs, batchSize: 4, progress: "quiet" });
for (const { epoch, loss } of history)
  if (epoch === 1 || epoch % 200 === 0) console.log(`epoch ${epoch}: loss ${loss.toFixed(4)}`);

const guesses = await (await trainer.predict(data.x)).data();
for (let i = 0; i < 4; i++) {
  const [a, b] = data.x.slice(i, i + 1).data;
  console.log(`${a} xor ${b} is ${data.y.data[i]}, and ${Number(guesses[i]).toFixed(3)} is the answer`);
}
const { loss, accuracy } = await trainer.evaluate(data);
check(accuracy === 1, "all four answers are right", { accuracy, loss });
