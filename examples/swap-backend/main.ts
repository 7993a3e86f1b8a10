/**
 * One network trained on two backends in one process: the interpreter, slow and in float64, and cpu-js or `--backend`.
 * Nothing but the backend's name differs, and every step's loss is compared.
 *
 * npm run example -- swap-backend [--steps N] [--seed N] [--backend ID] [--json]
 */
import { firstOutside, lossBand } from "@tenon/conformance";
import { moons } from "@tenon/datasets";
import { dense, sequential } from "@tenon/layers";
import { sparseCategoricalCrossEntropy } from "@tenon/losses";
import { adam } from "@tenon/optimizers";
import { compile, key, spec, type Tensor, valueAndGrad } from "@tenon/tensor";
import { start } from "../shared/start.ts";
import { nudge } from "./nudge.ts";

const { steps, seed, backend, check } = await start("swap-backend", { steps: 60 });
const { x, y } = moons({ count: 64, seed }).tensors();

/** The loss of each step. Every run starts with the same weights; those with a number, nearly. */
async function train(backend: string, nudged = 0): Promise<number[]> {
  const net = sequential([dense(16, { activation: "tanh" }), dense(2)]);
  net.build({ key: key(seed), inputs: spec(["B", 2]) });
  if (nudged > 0) await nudge(net, nudged);
  const optimizer = adam({ learningRate: 0.02 }).bind(net);
  const step = compile(
    (x: Tensor, y: Tensor) => {
      const [loss, grads] = valueAndGrad(() => sparseCategoricalCrossEntropy(net.call(x), y).mean(), net);
      optimizer.apply(grads);
      return loss;
    },
    { inputs: [spec(["B", 2]), spec(["B"], "int32")], backend }, // this is the swap
  );
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) losses.push(await (await step(x, y)).item());
  return losses;
}

// Two machines that round differently drift apart, and how fast depends on the network. So the interpreter also runs four
// times from weights that are one rounding off: the spread of these losses says how much difference means nothing.
const runs: number[][] = [];
for (let run = 0; run < 5; run++) runs.push(await train("interpreter", run));
const band = lossBand(runs);
const losses = await train(backend);

console.log(`step  interpreter  ${backend.padEnd(11)}  difference  allowed`);
for (let i = 0; i < steps; i++) {
  if (i % 10 > 0 && i < steps - 1) continue;
  const [one, other] = [runs[0]![i]!, losses[i]!];
  const numbers = [
    one.toFixed(8).padStart(11),
    other.toFixed(8).padStart(11),
    Math.abs(other - one)
      .toExponential(1)
      .padStart(10),
  ];
  console.log([String(i + 1).padStart(4), ...numbers, band.width[i]!.toExponential(1).padStart(7)].join("  "));
}
const outside = firstOutside(band, losses);
const largest = Math.max(...losses.map((loss, i) => Math.abs(loss - runs[0]![i]!)));
if (outside !== undefined) console.log(`step ${outside + 1} differs by more than is allowed`);
check(outside === undefined, `the losses of all ${steps} steps agree within the band`, {
  steps,
  largestDifference: largest,
  loss: losses.at(-1),
});
