/**
 * What it costs to record a graph: one operation outside compiled functions, and tracing, differentiating, verifying and
 * writing a function of 1,000 operations. Medians over rounds, after a warm-up; nothing is executed.
 */
import { writeFile } from "node:fs/promises";
import { backward } from "@tenon/autograd";
import { buildModule, constant, Fn, input, spec, type Tensor, trace } from "@tenon/ir";
import { moduleToBinary } from "@tenon/ir/binary";
import { verify } from "@tenon/ir/verify";

const ROUNDS = 60;
const WARM_UP = 20;

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

function measure(body: () => void): number {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS + WARM_UP; round++) {
    const started = performance.now();
    body();
    if (round >= WARM_UP) times.push(performance.now() - started);
  }
  return median(times);
}

/** 1,000 operations in layers of four: product, sum, tanh, scale. */
function network(x: Tensor, w: Tensor): Tensor {
  let h = x;
  for (let i = 0; i < 249; i++) h = h.mul(w).add(x).tanh().mul(0.5);
  return h.sum();
}

const type = spec([32]);
const x = constant(1, [32]);
const results = {
  "one eager operation recorded, µs":
    (measure(() => {
      let y = x;
      for (let i = 0; i < 1000; i++) y = y.add(x);
    }) /
      1000) *
    1000,
  "1,000 operations traced, ms": measure(() => void trace((a, b) => [network(a!, b!)], [type, type])),
  "1,000 operations traced and differentiated, ms": measure(() => {
    trace(
      (a, b) => {
        const y = network(a!, b!);
        return [y, ...backward([y], [a!, b!], [constant(1)]).gradients.map((g) => g!)];
      },
      [type, type],
    );
  }),
  "its module built, verified and written, ms": (() => {
    const inputs = [input(type), input(type)];
    const y = network(inputs[0]!, inputs[1]!);
    const fn = new Fn("f", inputs, [y, ...backward([y], inputs, [constant(1)]).gradients.map((g) => g!)]);
    return measure(() => void moduleToBinary(verify(buildModule({ entries: { f: fn } }))));
  })(),
};

for (const [what, value] of Object.entries(results)) console.log(`${what.padEnd(52)}${value.toFixed(3)}`);
if (process.argv.includes("--json"))
  await writeFile(
    new URL("recording.json", import.meta.url),
    `${JSON.stringify({ node: process.version, results }, null, 2)}\n`,
  );
