/**
 * A network that learns its few examples by heart, and four means against it: L1, L2, dropout and early stopping.
 * A table, a plot in the terminal, and the same as a picture in regularisation.svg.
 *
 * npm run example -- regularisation [--epochs N] [--examples N] [--seed N] [--backend ID] [--json]
 */
import { writeFile } from "node:fs/promises";
import { moons } from "@tenon/datasets";
import { dense, dropout, l1, l2, type Regularizer, sequential } from "@tenon/layers";
import { sparseCategoricalCrossEntropy } from "@tenon/losses";
import { type Metric, mean } from "@tenon/metrics";
import { adam } from "@tenon/optimizers";
import { type Callback, earlyStopping, Trainer } from "@tenon/train";
import { start } from "../shared/start.ts";
import { type Curve, svgPlot, textPlot } from "./plot.ts";

const FILE = "regularisation.svg"; // in the working directory

const { epochs, examples, seed, check } = await start("regularisation", { epochs: 150, examples: 60 });

// Two half moons that overlap: whoever gets every training point right has learned the noise too.
const train = moons({ count: examples, noise: 0.35, seed });
const [validation, test] = moons({ count: 1200, noise: 0.35, seed: seed + 1 }).split([0.25, 0.75], seed);

// The penalties are part of the loss. To compare, the cross-entropy alone is measured too, by a metric of our own.
const average = mean();
const crossEntropy: Metric = {
  ...average,
  name: "crossEntropy",
  update: (state, logits, labels) => average.update(state, sparseCategoricalCrossEntropy(logits, labels)),
};

interface Means {
  /** Its curve in the terminal. */
  readonly mark: string;
  /** A penalty on large weights, added to the loss. */
  readonly penalty?: Regularizer;
  /** The share of neurons that is left out of each step, others each time. */
  readonly drop?: number;
  readonly callbacks?: readonly Callback[];
}

const means: Readonly<Record<string, Means>> = {
  none: { mark: "n" },
  L1: { mark: "1", penalty: l1(2e-3) }, // draws weights to zero, and many become zero
  L2: { mark: "2", penalty: l2(5e-3) }, // makes all of them small
  dropout: { mark: "d", drop: 0.5 }, // no neuron can rely on another one
  "early stopping": {
    mark: "e",
    callbacks: [earlyStopping({ monitor: "valCrossEntropy", mode: "min", patience: 20, restoreBest: true })],
  },
};

const curves: Curve[] = [];
const losses: Record<string, number> = {};
console.log(`${"".padEnd(14)}  epochs  training: loss, accuracy      test: loss, accuracy`);
for (const [name, { mark, penalty, drop = 0, callbacks = [] }] of Object.entries(means)) {
  const hidden = () => dense(64, { activation: "relu", ...(penalty !== undefined && { kernelRegularizer: penalty }) });
  const trainer = new Trainer({
    model: sequential([hidden(), dropout(drop), hidden(), dropout(drop), dense(2)]),
    loss: sparseCategoricalCrossEntropy,
    optimizer: adam({ learningRate: 0.005 }),
    metrics: ["accuracy", crossEntropy],
    seed,
  });
  const history = await trainer.fit(train, { epochs, batchSize: 20, validation, callbacks, progress: "quiet" });
  const [seen, unseen] = [await trainer.evaluate(train), await trainer.evaluate(test)];
  const numbers = [seen.crossEntropy, seen.accuracy, unseen.crossEntropy, unseen.accuracy];
  const columns = numbers.map((x, i) => Number(x).toFixed(3).padStart([14, 10, 15, 10][i]!));
  console.log(`${name.padEnd(14)}${String(history.epochs.length).padStart(8)}${columns.join("")}`);
  curves.push({ name, mark, values: history.epochs.map((epoch) => Number(epoch.valCrossEntropy)) });
  losses[name] = Number(unseen.crossEntropy);
}

const picture = { title: "Cross-entropy of points that are not trained with", bottom: 0.3, top: 1.5 };
console.log(`\n${textPlot(curves, picture)}\n`);
await writeFile(FILE, svgPlot(curves, picture));
console.log(`the same as a picture: ${FILE}`);

const better = Object.entries(losses).filter(([, loss]) => loss < losses.none!);
check(better.length === 4, "each of the four has a smaller loss on the test points than none", losses);
