/**
 * One training step of a recurrent network, Adam included: an embedding of 65 characters, an LSTM of 128 → 256 over 64 steps
 * and a dense layer, batch 32. Median of the steps after a warm-up, and of the processor's time, which other work disturbs less.
 *
 * npm run bench -- lstm-step [--backend ID] [--steps N] [--json]
 *
 * A step is 5.0 GFLOP, products alone; two in five are those of the state, one after another.
 */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import {
  compile,
  currentBackend,
  embedding,
  hostKey,
  hostUniform,
  lstmCell,
  matmul,
  memory,
  nameVariables,
  scan,
  setBackend,
  softmaxCrossEntropy,
  type Tensor,
  tensor,
  type Variable,
  valueAndGrad,
  variable,
  zeros,
} from "@tenon/tensor";
import { adam } from "./main-job/network.ts";

const { values: options } = parseArgs({
  options: {
    backend: { type: "string", default: "cpu-js" },
    steps: { type: "string", default: "30" },
    json: { type: "boolean", default: false },
  },
});

const [BATCH, STEPS, CHARACTERS, FEATURES, UNITS] = [32, 64, 65, 128, 256];
/** Forward, and both gradients of each product. */
const FLOP = 2 * 3 * BATCH * STEPS * (FEATURES * 4 * UNITS + UNITS * 4 * UNITS + UNITS * CHARACTERS);

await setBackend(options.backend);
const weight = (seed: number, rows: number, columns: number): Variable => {
  const limit = Math.sqrt(6 / (rows + columns));
  const weights = hostUniform(hostKey(seed), rows * columns, { low: -limit, high: limit });
  return variable(tensor(weights, { shape: [rows, columns] }));
};
const network = {
  table: weight(0, CHARACTERS, FEATURES),
  kernel: weight(1, FEATURES, 4 * UNITS),
  recurrentKernel: weight(2, UNITS, 4 * UNITS),
  bias: variable(zeros([4 * UNITS])),
  outKernel: weight(3, UNITS, CHARACTERS),
  outBias: variable(zeros([CHARACTERS])),
};
nameVariables(network);
const optimizer = adam(network);

/** One score per character and step. (T, B) → (T, B, characters) */
function logitsOf(text: Tensor): Tensor {
  const { table, kernel, recurrentKernel, bias, outKernel, outBias } = network;
  const z = matmul(embedding(table.value, text), kernel.value).add(bias.value);
  const start = zeros([BATCH, UNITS]);
  const [, states] = scan(
    ([h, c]: readonly Tensor[], z: Tensor): [Tensor[], Tensor] => {
      const state = lstmCell(z, h!, c!, recurrentKernel.value);
      return [state, state[0]];
    },
    [start, start],
    z,
  );
  return matmul(states, outKernel.value).add(outBias.value);
}

const step = compile((text: Tensor, next: Tensor) => {
  const [loss, grads] = valueAndGrad(() => softmaxCrossEntropy(logitsOf(text), next).mean(), network);
  optimizer.apply(grads);
  return loss;
});

const characters = (stride: number): Tensor =>
  tensor(
    Int32Array.from({ length: STEPS * BATCH }, (_, i) => (i * stride) % CHARACTERS),
    { shape: [STEPS, BATCH] },
  );
const [text, next] = [characters(7919), characters(104_729)]; // primes: in no order
const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1]!;

const WARM_UP = 3;
const walls: number[] = [];
const processors: number[] = [];
let loss = 0;
for (let i = 0; i < WARM_UP + Number(options.steps); i++) {
  const [started, before] = [performance.now(), process.cpuUsage()];
  loss = await (await step(text, next)).item();
  const { user, system } = process.cpuUsage(before);
  walls.push(performance.now() - started);
  processors.push((user + system) / 1000);
}

const perStep = median(processors.slice(WARM_UP));
const results = {
  "first step, with tracing and compiling, ms": walls[0]!,
  "a step, ms": median(walls.slice(WARM_UP)),
  "processor's time of a step, ms": perStep,
  "GFLOP/s of its products in that time": FLOP / perStep / 1e6,
  "memory of the device, MB": memory().devices.reduce((sum, { liveBytes }) => sum + liveBytes, 0) / 1e6,
  "last loss": loss,
};
console.log(`backend ${await currentBackend()}, Node ${process.version}`);
for (const [what, value] of Object.entries(results)) console.log(`${what.padEnd(52)}${value.toFixed(2)}`);
if (options.json)
  await writeFile(
    new URL("lstm-step.json", import.meta.url),
    `${JSON.stringify({ node: process.version, results }, null, 2)}\n`,
  );
