/**
 * Tells three kinds of iris apart by four lengths, and measures honestly how well: by cross-validation.
 *
 * npm run example -- iris [--folds N] [--epochs N] [--seed N] [--backend ID] [--json]
 */
import { fitStandardizer, iris } from "@tenon/datasets";
import { dense, sequential } from "@tenon/layers";
import { adam } from "@tenon/optimizers";
import { Trainer } from "@tenon/train";
import { start } from "../shared/start.ts";

const WANTED = 0.95;

const { folds, epochs, seed, check } = await start("iris", { folds: 5, epochs: 60 });

// 150 flowers are few. So each fifth of them is once the test, for a network that was trained with the others; `stratify`
// gives every fifth its share of each kind.
const accuracies: number[] = [];
for (const { train, test } of iris().kFold(folds, seed, { stratify: "y" })) {
  // Each length is shifted and scaled to mean 0 and deviation 1: those of the training part, since the test is not ours to look at.
  const standardize = fitStandardizer(train);
  const trainer = new Trainer({
    model: sequential([dense(16, { activation: "tanh" }), dense(3)]),
    loss: "sparseCategoricalCrossEntropy", // sparse: y has the numbers of the kinds, 0, 1 or 2
    optimizer: adam({ learningRate: 0.02 }),
    metrics: ["accuracy"],
    seed,
  });
  await trainer.fit(standardize(train), { epochs, batchSize: 16, progress: "quiet" });
  const { loss, accuracy } = await trainer.evaluate(standardize(test));
  accuracies.push(Number(accuracy));
  console.log(
    `fold ${accuracies.length}: accuracy ${percent(Number(accuracy))} of ${test.size}, loss ${Number(loss).toFixed(3)}`,
  );
}

const mean = accuracies.reduce((a, b) => a + b) / accuracies.length;
console.log(`mean accuracy ${percent(mean)}`);
check(mean >= WANTED, `at least ${percent(WANTED)} are right`, { accuracy: mean, accuracies });

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
