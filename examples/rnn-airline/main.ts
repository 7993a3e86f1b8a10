/**
 * How many passengers airlines will have next month: a recurrent network reads the last twelve months. It learns from the first
 * two thirds of the years 1949 to 1960, and is judged by the last third.
 *
 * npm run example -- rnn-airline [--series airline|made] [--epochs N] [--units N] [--seed N] [--backend ID] [--json]
 */
import { airlinePassengers, DataError, passengers, type Series, slidingWindows } from "@tenon/datasets";
import { dense, gru, sequential } from "@tenon/layers";
import { adam, cosineDecay } from "@tenon/optimizers";
import { Trainer } from "@tenon/train";
import { refuse, start } from "../shared/start.ts";

const YEAR = 12;
const WANTED = 0.3; // how far the error is to be below that of the simplest forecast

const options = { series: ["airline", "made"], epochs: 150, units: 16 } as const;
const { series: wish, epochs, units, seed, check } = await start("rnn-airline", options);
const { name, values } = await load().catch(refuse);

// What grows by a tenth each year grows by the same step each month in its logarithm; the steps have the season in them.
const logs = Array.from(values, Math.log);
const steps = logs.slice(1).map((x, i) => x - logs[i]!);
const seen = Math.floor((values.length * 2) / 3); // months to learn from
const known = steps.slice(0, seen - 1);
const mean = known.reduce((a, b) => a + b) / known.length;
const deviation = Math.sqrt(known.reduce((sum, x) => sum + (x - mean) ** 2, 0) / known.length);
const scaled = Float32Array.from(steps, (x) => (x - mean) / deviation);

// Windows of twelve steps, and the step after each. The first windows of the test reach back into the months before it.
const train = slidingWindows(scaled.slice(0, seen - 1), { length: YEAR });
const test = slidingWindows(scaled.slice(seen - 1 - YEAR), { length: YEAR });

const batchSize = 16;
const updates = epochs * Math.ceil(train.size / batchSize);
const trainer = new Trainer({
  model: sequential([gru(units), dense(1)]),
  loss: "meanSquaredError",
  optimizer: adam({ learningRate: cosineDecay(0.01, { steps: updates }) }),
  seed,
});
await trainer.fit(train, { epochs, batchSize, progress: "quiet" });

// From a step back to passengers, each month from the true number of the month before.
const found = await (await trainer.predict(test.x)).data();
const truth = Array.from(values.slice(seen));
const before = Array.from(values.slice(seen - 1, -1));
const forecasts = before.map((last, i) => last * Math.exp(found[i]! * deviation + mean));
const rootMeanSquare = (guesses: readonly number[]): number =>
  Math.sqrt(guesses.reduce((sum, guess, i) => sum + (guess - truth[i]!) ** 2, 0) / truth.length);
const [error, baseline] = [rootMeanSquare(forecasts), rootMeanSquare(before)];

console.log("thousands of passengers in the last year:\n");
const line = (title: string, row: readonly number[]): string =>
  title.padEnd(18) +
  row
    .slice(-YEAR)
    .map((x) => x.toFixed(0).padStart(5))
    .join("");
console.log([line("as it was", truth), line("network", forecasts), line("month before", before)].join("\n"));
console.log(`\nerror, root of the mean square of ${truth.length} months of ${name}:`);
console.log(`  network        ${error.toFixed(1)}\n  month before   ${baseline.toFixed(1)}`);
const gain = 1 - error / baseline;
const results = { series: name, error, baseline, gain, wanted: WANTED };
check(gain >= WANTED, `the error is at least ${100 * WANTED} % below that of the month before`, results);

async function load(): Promise<Series & { readonly name: string }> {
  if (wish !== "made") {
    try {
      return { name: "airline", ...(await airlinePassengers({ timeoutMs: 4000 })) };
    } catch (error) {
      if (wish !== undefined || !(error instanceof DataError)) throw error;
      console.log("The series is not here and cannot be fetched, so this is one made by rule.");
    }
  }
  return { name: "made", ...passengers({ seed }) };
}
