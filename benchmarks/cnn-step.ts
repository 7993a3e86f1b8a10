/**
 * Steps of a convolutional network (conv 32-64-64 of 3 × 3, two max pools, dense 64; batch 128) and of a transformer of four layers
 * (width 128, 4 heads, 32 × 64 characters) on cpu-js, on one thread: training with Adam, and inference, with the composites that
 * cpu-js has kernels for kept whole and with all of them decomposed, in turn. Beside each stand its GFLOP/s, products
 * alone, and their share of the microkernel's rate on packed panels. Times are of the clock that stands still while
 * others have the processor; the quickest quarter of them counts, since neighbours share caches too.
 *
 * npm run bench -- cnn-step [--rounds N] [--json]
 */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { cpuJs, features } from "@tenon/backend-cpu-js";
import { adam } from "@tenon/optimizers";
import { compile, setBackend, softmaxCrossEntropy, type Tensor, valueAndGrad } from "@tenon/tensor";
import { clock, microkernel } from "./cpu-js/microkernel.ts";
import { cnn, type Network, trainingFlop, transformer, usualCnn, usualTransformer } from "./shared/networks.ts";

const { values: options } = parseArgs({
  options: { rounds: { type: "string", default: "20" }, json: { type: "boolean", default: false } },
});

/** Runs of the microkernel at a time, some 30 ms: the clock counts whole milliseconds. */
const REPEATED = 80;

interface Measured {
  readonly flop: number;
  readonly run: () => unknown;
  readonly times: number[];
}

const ways = { claimed: cpuJs(), decomposed: cpuJs({ claims: false }) } as const;
const models = { cnn: () => cnn(usualCnn), transformer: () => transformer(usualTransformer) } as const;

/** A step of a network of its own, and its inference. */
function measured(make: () => Network, backend: (typeof ways)[keyof typeof ways]): readonly [string, Measured][] {
  const network = make();
  const { params, logits } = network;
  const optimizer = adam({ learningRate: 1e-3 }).bind(params);
  const train = compile(
    (x: Tensor, labels: Tensor) => {
      const [loss, grads] = valueAndGrad(() => softmaxCrossEntropy(logits(x), labels).mean(), params);
      optimizer.apply(grads);
      return loss;
    },
    { backend },
  );
  const predict = compile((x: Tensor) => logits(x), { backend });
  const [x, labels] = network.inputs;
  const run = async (result: Promise<Tensor>) => void (await (await result).data());
  return [
    ["training", { flop: trainingFlop(network), run: () => run(train(x, labels)), times: [] }],
    ["inference", { flop: network.flop, run: () => run(predict(x)), times: [] }],
  ];
}

await setBackend(ways.claimed);
const block = microkernel(features().relaxed);
const peak: Measured = {
  flop: REPEATED * block.flop,
  run: () => {
    for (let i = 0; i < REPEATED; i++) block.run();
  },
  times: [],
};
const jobs = Object.entries(models).flatMap(([model, make]) => {
  const [claimed, decomposed] = Object.values(ways).map((backend) => measured(make, backend));
  return claimed!.map(([task, job], i) => ({
    name: `${model}, ${task}`,
    claimed: job,
    decomposed: decomposed![i]![1],
  }));
});
const all = [peak, ...jobs.flatMap(({ claimed, decomposed }) => [claimed, decomposed])];
for (const { run } of all) for (let i = 0; i < 2; i++) await run(); // compiles
for (let round = 0; round < Number(options.rounds); round++)
  for (const one of all) {
    const started = clock();
    await one.run();
    one.times.push(clock() - started);
  }

const quarter = ({ times }: Measured): number => times.toSorted((a, b) => a - b)[times.length >> 2]!;
const rate = (one: Measured): number => one.flop / quarter(one) / 1e6;
const most = rate(peak);
const results = jobs.map(({ name, claimed, decomposed }) => ({
  name,
  milliseconds: quarter(claimed),
  gflops: rate(claimed),
  share: rate(claimed) / most,
  decomposed: quarter(decomposed),
}));
console.log(`${features().relaxed ? "relaxed" : "portable"} vector instructions, Node ${process.version}`);
console.log(`microkernel on packed panels: ${most.toFixed(1)} GFLOP/s`);
for (const { name, milliseconds, gflops, share, decomposed } of results)
  console.log(
    `${name.padEnd(24)}${milliseconds.toFixed(1).padStart(8)} ms${gflops.toFixed(1).padStart(7)} GFLOP/s` +
      `${Math.round(100 * share)
        .toString()
        .padStart(
          5,
        )} %; decomposed ${decomposed.toFixed(1)} ms, ${(decomposed / milliseconds).toFixed(2)} times as long`,
  );
if (options.json)
  await writeFile(
    new URL("cnn-step.json", import.meta.url),
    `${JSON.stringify({ node: process.version, relaxed: features().relaxed, peak: most, results }, null, 2)}\n`,
  );
