/**
 * What was learned of some digits helps with others: a network that reads 0 to 4 is taught 5 to 9 from a few pictures of each,
 * its filters kept as they are. Another one learns the same few pictures from nothing.
 *
 * npm run example -- transfer-learning [--dataset mnist|fashion-mnist|digits] [--epochs N] [--images N] [--samples N]
 *   [--seed N] [--backend ID] [--json]
 */
import { type Dataset, ofClasses, perClass } from "@tenon/datasets";
import {
  conv2d,
  dense,
  dropout,
  flatten,
  freeze,
  maxPooling2d,
  reshape,
  type Sequential,
  sequential,
} from "@tenon/layers";
import { adam } from "@tenon/optimizers";
import { Trainer } from "@tenon/train";
import { imageSets, loadImages, percent } from "../shared/images.ts";
import { refuse, start } from "../shared/start.ts";

const options = { dataset: imageSets, epochs: 2, images: 60_000, samples: 10 };
const { dataset: wish, epochs, images, samples, seed, check } = await start("transfer-learning", options);
const { dataset, train, test } = await loadImages(wish, images).catch(refuse);

/** Filters that find strokes and shapes, and what they add up to. */
const makeFilters = (): Sequential =>
  sequential([
    reshape([28, 28, 1]),
    conv2d(32, 3, { activation: "relu" }),
    maxPooling2d(2),
    conv2d(64, 3, { activation: "relu" }),
    maxPooling2d(2),
    flatten(),
    dense(64, { activation: "relu" }),
  ]);

const trainerOf = (filters: Sequential): Trainer =>
  new Trainer({
    model: sequential({ filters, drop: dropout(0.3), head: dense(5) }),
    loss: "sparseCategoricalCrossEntropy",
    optimizer: adam({ learningRate: 0.002 }),
    metrics: ["accuracy"],
    seed,
  });

// First half: plenty of pictures of five classes.
const first = (data: Dataset): Dataset => ofClasses(data, [0, 1, 2, 3, 4]);
const filters = makeFilters();
const reader = trainerOf(filters);
await reader.fit(first(train), { epochs, batchSize: 128 });
const known = await reader.evaluate(first(test));
console.log(`${percent(known.accuracy)} of the classes 0 to 4 are right`);

// Second half: a few pictures of the other five, and a new head for them.
const second = (data: Dataset): Dataset => ofClasses(data, [5, 6, 7, 8, 9], { relabel: true }); // as 0 to 4, for five scores
const few = perClass(second(train), samples, { seed });
const others = second(test);
async function teach(of: Sequential): Promise<number> {
  const trainer = trainerOf(of);
  await trainer.fit(few, { epochs: 60, batchSize: 10, progress: "quiet" });
  return (await trainer.evaluate(others)).accuracy;
}
freeze(filters, "conv*"); // the shapes that it looks for stay; what they add up to is learned anew
const transferred = await teach(filters);
const scratch = await teach(makeFilters());
console.log(`from ${samples} pictures each of the classes 5 to 9, right of ${others.size} that it has not seen:`);
console.log(`  with the filters of 0 to 4   ${percent(transferred)}`);
console.log(`  from nothing                 ${percent(scratch)}`);
const results = { dataset, samples, known: known.accuracy, transferred, scratch, gain: transferred - scratch };
const isSmall = train.size < 10_000; // few pictures make filters of little use to others
check(
  isSmall ? transferred >= 0.5 : transferred > scratch,
  isSmall ? "half of the other classes are right" : "what was learned of other classes helps",
  results,
);
