import type { BackendFactory } from "@tenon/backend";
import { interpreter } from "@tenon/interpreter";
import { binaryCrossEntropy, sparseCategoricalCrossEntropy } from "@tenon/losses";
import { adam } from "@tenon/optimizers";
import {
  compile,
  key,
  loadStep,
  setBackend,
  spec,
  type Tensor,
  tensor,
  training,
  type Variable,
  valueAndGrad,
  variablesOf,
} from "@tenon/tensor";
import { treeLeaves } from "@tenon/tree";
import { expect } from "vitest";
import { Draw } from "./draw.ts";
import type { Network } from "./networks.test-kit.ts";
import { type Band, firstOutside, lossBand, ulp } from "./tolerance.ts";

/** The reference, and runs whose parameters start a unit in the last place from it. */
const RUNS = 6;

type Step = (x: Tensor, labels: Tensor) => Promise<{ item(): Promise<number> }>;

/** A step of Adam, on whatever backend is preferred. Runs with a number start nearly at the same weights. */
async function stepOf({ make, input, letters, questions }: Network, run: number) {
  const net = make();
  const inputs = spec(["B", ...input], letters === true ? "int32" : "float32");
  net.build({ key: key(1), inputs });
  const shake = new Draw(run, "shaken");
  for (const v of treeLeaves(variablesOf(net)) as readonly Variable[]) {
    if (run === 0 || v.dtype !== "float32") continue;
    const moved = (await v.value.data()).map((x) => x + (shake.chance(0.5) ? 1 : -1) * ulp("float32", x));
    v.assign(tensor(Float32Array.from(moved), { shape: v.shape as number[] }));
  }
  const lossOf = questions === undefined ? sparseCategoricalCrossEntropy : binaryCrossEntropy;
  const optimizer = adam({ learningRate: 0.003 }).bind(net);
  return compile((x: Tensor, y: Tensor) => {
    const [loss, grads] = valueAndGrad(() => lossOf(net.call(x, training(key(0))), y).mean(), net);
    optimizer.apply(grads);
    return loss;
  });
}

/** Batches without end, the same for every run. */
function* batchesOf({
  input,
  classes,
  letters,
  labels,
  questions,
  batch,
}: Network): Generator<readonly [Tensor, Tensor], never> {
  const draw = new Draw(7, "batches");
  for (;;) {
    const x = draw.elements({ dtype: "float32", shape: [batch, ...input] }).data;
    const data =
      letters === true
        ? Int32Array.from(x, (value) => Math.abs(Math.trunc(10 * value)) % classes)
        : Float32Array.from(x);
    const examples = tensor(data, { shape: [batch, ...input] });
    if (questions !== undefined) {
      const { data: answers } = draw.elements({ dtype: "float32", shape: [batch, ...questions] });
      yield [
        examples,
        tensor(
          Float32Array.from(answers, (value) => Math.abs(value % 1)),
          { shape: [batch, ...questions] },
        ),
      ];
      continue;
    }
    const targets = Int32Array.from({ length: batch * (labels ?? 1) }, () => draw.integer(0, classes - 1));
    const shape = labels === undefined ? [batch] : [batch, labels];
    yield [examples, tensor(targets, { shape })];
  }
}

/** The loss of each step. */
export async function lossesOf(network: Network, backend: BackendFactory, steps: number, run = 0): Promise<number[]> {
  return lossesByRelay(network, [backend], steps, run);
}

/** The same where each backend makes some steps, and hands on to the next by a file. */
export async function lossesByRelay(
  network: Network,
  backends: readonly BackendFactory[],
  steps: number,
  run = 0,
): Promise<number[]> {
  await setBackend(backends[0]!);
  let step: Step & { save(): Promise<Uint8Array> } = await stepOf(network, run);
  const batches = batchesOf(network);
  const losses: number[] = [];
  for (const [i, backend] of backends.entries()) {
    if (i > 0) step = await loadStep(await step.save(), { backend });
    for (let n = 0; n < steps; n++) losses.push(await (await step(...batches.next().value)).item());
  }
  return losses;
}

/** What the losses may be, by the interpreter. */
export async function bandOf(network: Network, steps: number): Promise<Band> {
  const reference = interpreter();
  const runs: number[][] = [];
  for (let run = 0; run < RUNS; run++) runs.push(await lossesOf(network, reference, steps, run));
  return lossBand(runs);
}

/** A network learns as the reference does, whose loss changes. */
export async function expectBand(network: Network, backend: BackendFactory, steps: number): Promise<void> {
  const band = await bandOf(network, steps);
  expect(band.reference.at(-1)).not.toBe(band.reference[0]);
  expect(firstOutside(band, await lossesOf(network, backend, steps))).toBe(undefined);
}
