import { cpuJs } from "@tenon/backend-cpu-js";
import { blobs } from "@tenon/datasets";
import { batchNorm, dense, dropout, sequential } from "@tenon/layers";
import { accumulate, adam, chain, clipByGlobalNorm } from "@tenon/optimizers";
import { type Variable, variablesOf } from "@tenon/tensor";
import { treeLeaves } from "@tenon/tree";
import { expect, test } from "vitest";
import { type LosingBackend, losing } from "../../backend/src/losing.test-kit.ts";
import { type Callback, earlyStopping, type FitOptions, type History, Trainer, type TrainerOptions } from "./index.ts";

const points = blobs({ count: 60, classes: 3, seed: 0 });
const quiet = { progress: "quiet" } as const;

const make = (options: Partial<TrainerOptions>): Trainer =>
  new Trainer({
    model: sequential([dense(8, { activation: "relu" }), batchNorm(), dropout(0.2), dense(3)]),
    loss: "sparseCategoricalCrossEntropy",
    optimizer: accumulate(2, chain(clipByGlobalNorm(1), adam({ learningRate: 0.02 }))),
    metrics: ["accuracy"],
    seed: 0,
    ...options,
  });

/** Whole numbers from `low` to below `high`, the same in every run. */
function numbers(seed: number): (low: number, high: number) => number {
  let state = seed;
  return (low, high) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return low + Math.floor((state / 2 ** 32) * (high - low));
  };
}

/** Loses the device `most` times, after all sorts of numbers of calls; now and then there are enough of them to get further. */
function often(backend: LosingBackend, most: number): void {
  const random = numbers(1);
  let next = 150; // the first state is on the host by then
  backend.fate = (calls) => {
    if (backend.losses >= most || calls < next) return false;
    next = backend.losses % 3 === 0 ? 250 : random(1, 100);
    return true;
  };
}

/** What has to be the same bits, whether or not the device was lost. */
interface Course {
  readonly history: unknown;
  readonly state: readonly number[][];
  readonly events: readonly string[];
  readonly evaluation: unknown;
  readonly predictions: readonly number[];
}

const variablesIn = (source: object) => treeLeaves<unknown>(variablesOf(source)) as Variable[];

const withoutTimes = ({ epochs, batches, stopped }: History) => ({
  epochs: epochs.map(({ seconds, ...rest }) => rest),
  batches,
  stopped,
});

async function course(trainer: Trainer, options: Partial<FitOptions>, backend?: LosingBackend): Promise<Course> {
  const events: string[] = [];
  const listen: Callback = {
    onTrainBegin: () => void events.push("train"),
    onEpochBegin: ({ epoch }) => void events.push(`epoch ${epoch}`),
    async onBatchEnd({ epoch, batch, logs }) {
      const loss = batch % 5 === 0 ? (await logs()).loss : "";
      events.push(`batch ${epoch}.${batch} ${loss}`);
    },
    async onEpochEnd({ epoch, logs }) {
      const { accuracy } = await trainer.evaluate(points.take(20));
      events.push(`end ${epoch} ${logs.loss} ${accuracy}`);
    },
    onTrainEnd: ({ history }) => void events.push(`end ${history.stopped}`),
  };
  const rate: Callback = {
    onBatchEnd({ batch }) {
      const optimizer = trainer.optimizer as unknown as { learningRate: number };
      if (batch % 4 === 0) optimizer.learningRate = 0.02 / batch;
    },
  };
  await trainer.fit(points, {
    ...{ ...quiet, epochs: 8, batchSize: 4, validationSplit: 0.2 },
    ...options,
    callbacks: [listen, rate, ...(options.callbacks ?? [])],
  });
  const found = [trainer.model, trainer.optimizer].flatMap(variablesIn);
  const history = withoutTimes(trainer.history);
  const evaluation = await trainer.evaluate(points);
  const predictions = Array.from((await (await trainer.predict(points, { batchSize: 7 })).data()) as Float32Array);
  if (backend !== undefined) backend.fate = () => false; // nobody but the trainer recovers
  const state = await Promise.all(found.map(async (v) => Array.from((await v.value.data()) as Float32Array)));
  return { history, state, events, evaluation, predictions };
}

test("a device that is lost 50 times changes no bit of a training, and nothing is told twice", async () => {
  const stopping = (): Callback => earlyStopping({ monitor: "valAccuracy", patience: 5, restoreBest: true });
  const unbroken = await course(make({ backend: cpuJs() }), { callbacks: [stopping()], epochs: 30 });
  const backend = losing(cpuJs());
  often(backend, 50);
  const trainer = make({ backend: backend.factory });
  const broken = await course(trainer, { callbacks: [stopping()], epochs: 30, recover: { everySteps: 3 } }, backend);
  expect(backend.losses).toBe(50);
  expect(unbroken.history).toMatchObject({ stopped: "earlyStopping" });
  expect(broken).toEqual(unbroken);
}, 60_000);

test("without options the state is copied now and then, and at once after a loss", async () => {
  const unbroken = await course(make({ backend: cpuJs() }), {});
  const backend = losing(cpuJs());
  often(backend, 10);
  expect(await course(make({ backend: backend.factory }), {}, backend)).toEqual(unbroken);
  expect(backend.losses).toBe(10);
});

test("a training that is stopped within an epoch ends there, also when its last steps have to be repeated", async () => {
  const stop: Callback = {
    onBatchEnd: ({ epoch, batch, stop }) => void (epoch === 3 && batch === 7 && stop("enough")),
  };
  const unbroken = await course(make({ backend: cpuJs() }), { callbacks: [stop] });
  const backend = losing(cpuJs());
  let wanted = false;
  backend.fate = () => wanted && backend.losses === 0;
  const lose: Callback = { onBatchEnd: ({ epoch, batch }) => void (epoch === 3 && batch === 7 && (wanted = true)) };
  const trainer = make({ backend: backend.factory });
  expect(await course(trainer, { callbacks: [stop, lose], recover: { everySteps: 3 } })).toEqual(unbroken);
  expect(backend.losses).toBe(1);
});

test("what a callback unfreezes is unfrozen again at its place when steps are repeated", async () => {
  const thaw = (after?: () => void): Callback => ({
    onBatchEnd({ epoch, batch, trainer }) {
      for (const v of variablesIn(trainer.model)) {
        if (v.role === "parameter" && epoch === 1) v.trainable = batch >= 5 || v.shape.length === 1;
      }
      if (epoch === 1 && batch === 8) after?.();
    },
  });
  const unbroken = await course(make({ backend: cpuJs() }), { callbacks: [thaw()], epochs: 2 });
  const backend = losing(cpuJs());
  let wanted = false;
  backend.fate = () => wanted && backend.losses === 0;
  const trainer = make({ backend: backend.factory });
  const callbacks = [thaw(() => (wanted = true))];
  expect(await course(trainer, { callbacks, epochs: 2, recover: { everySteps: 100 } })).toEqual(unbroken);
  expect(backend.losses).toBe(1);
});

test("one line tells of the loss, and where the training goes on", async () => {
  const backend = losing(cpuJs());
  backend.fate = (calls) => calls > 300 && backend.losses === 0;
  let text = "";
  const progress = { mode: "lines", write: (part: string) => void (text += part) } as const;
  await course(make({ backend: backend.factory }), { progress, epochs: 3, recover: { everySteps: 100 } });
  const lines = text.split("\n").filter((line) => !line.startsWith("epoch"));
  expect(lines).toEqual(["the device was lost; the training goes on from batch 1 of epoch 2", ""]);
});

test("a device that is lost over and over without any progress ends the training with the error", async () => {
  const backend = losing(cpuJs());
  const trainer = make({ backend: backend.factory });
  await trainer.fit(points, { ...quiet, epochs: 1 });
  backend.fate = () => true;
  await expect(trainer.fit(points, { ...quiet, epochs: 1 })).rejects.toThrow("E543");
  expect(backend.losses).toBeGreaterThan(1);
  expect(backend.losses).toBeLessThan(20);
});

test("evaluate, predict and save outside of fit outlive a loss as well, together too", async () => {
  const intact = make({ backend: cpuJs() });
  await intact.fit(points, { ...quiet, epochs: 2 });
  const work = (trainer: Trainer) =>
    Promise.all([
      trainer.evaluate(points, { batchSize: 7 }),
      trainer.predict(points).then((y) => y.data()),
      trainer.evaluate(points.take(9), { batchSize: 2 }),
      trainer.predict(points, { batchSize: 5 }).then((y) => y.data()),
    ]);
  const wanted = await work(intact);
  const backend = losing(cpuJs());
  const trainer = make({ backend: backend.factory });
  await trainer.fit(points, { ...quiet, epochs: 2 });
  for (let first = 1; first < 60; first += 7) {
    const { losses } = backend;
    let calls = 0;
    backend.fate = () => ++calls > first && backend.losses === losses;
    expect(await work(trainer)).toEqual(wanted);
    expect(backend.losses).toBe(losses + 1);
  }
});

test("a trainer is saved although its device was lost after the training", async () => {
  const backend = losing(cpuJs());
  const [intact, trainer] = [make({ backend: cpuJs() }), make({ backend: backend.factory })];
  for (const each of [intact, trainer]) await each.fit(points, { ...quiet, epochs: 2 });
  backend.fate = () => backend.losses === 0;
  const again = make({ backend: cpuJs() });
  await again.load(await trainer.save());
  expect(backend.losses).toBe(1);
  expect(await again.evaluate(points)).toEqual(await intact.evaluate(points));
});

test("a training with recover: false, and one whose first state was lost, end with the error", async () => {
  const backend = losing(cpuJs());
  const trainer = make({ backend: backend.factory });
  backend.fate = () => true;
  await expect(trainer.fit(points, { ...quiet, epochs: 1, recover: false })).rejects.toThrow("E543");
});

test("nothing is copied where no device can be lost", async () => {
  const reads: number[] = [];
  for (const features of [[], ["may-lose-device"]]) {
    const backend = losing(cpuJs(), features);
    await make({ backend: backend.factory }).fit(points, {
      ...quiet,
      epochs: 2,
      batchSize: 1,
      recover: { everySteps: 1 },
    });
    reads.push(backend.reads);
  }
  expect(reads[0]).toBeLessThan(120); // a step each
  expect(reads[1]).toBeGreaterThan(120 * 20); // Variables each
});

test("options of recover are checked", async () => {
  const fit = make({ backend: cpuJs() }).fit(points, { ...quiet, epochs: 1, recover: { everySteps: 0 } });
  await expect(fit).rejects.toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 recover: everySteps is 0, which is no whole number from 1.
      fix: give a number such as 100.]
  `);
});
