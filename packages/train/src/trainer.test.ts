import { cpuJs } from "@tenon/backend-cpu-js";
import { blobs, dataset, xor } from "@tenon/datasets";
import { dense, dropout, Layer, l2, reshape, sequential } from "@tenon/layers";
import { sparseCategoricalCrossEntropy } from "@tenon/losses";
import { confusionMatrix } from "@tenon/metrics";
import { adam, sgd } from "@tenon/optimizers";
import {
  type Context,
  log,
  matmul,
  memory,
  type Tensor,
  type Variable,
  variable,
  variables,
  variablesOf,
} from "@tenon/tensor";
import { treeLeaves } from "@tenon/tree";
import { expect, test } from "vitest";
import { type Callback, earlyStopping, type History, Trainer, type TrainerOptions } from "./index.ts";

const backend = cpuJs();
const points = blobs({ count: 50, classes: 3, seed: 0 });
const quiet = { progress: "quiet" } as const;

const classifier = (options: Partial<TrainerOptions> = {}): Trainer =>
  new Trainer({
    model: sequential([dense(8, { activation: "relu" }), dropout(0.2), dense(3)]),
    loss: sparseCategoricalCrossEntropy,
    optimizer: adam({ learningRate: 0.01 }),
    metrics: ["accuracy"],
    backend,
    seed: 0,
    ...options,
  });

/** What the same seed has to repeat. */
const withoutTimes = ({ epochs, batches, stopped }: History) => ({
  epochs: epochs.map(({ seconds, ...rest }) => rest),
  batches,
  stopped,
});

test("xor is learned by sigmoids that end in a probability, which loss and accuracy take for one", async () => {
  const trainer = new Trainer({
    model: sequential([dense(4, { activation: "sigmoid" }), dense(1, { activation: "sigmoid" })]),
    loss: "binaryCrossEntropy",
    optimizer: adam({ learningRate: 0.1 }),
    metrics: ["accuracy"],
    backend,
    seed: 0,
  });
  const { epochs, stopped } = await trainer.fit(xor(), { ...quiet, epochs: 300 });
  expect(stopped).toBeUndefined();
  expect(epochs.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
  expect(epochs.at(-1)).toMatchObject({ accuracy: 1 });
  expect(epochs.at(-1)!.loss).toBeLessThan(0.05);
  const answers = await (
    await trainer.predict([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ])
  ).data();
  expect(Array.from(answers, Math.round)).toEqual([0, 1, 1, 0]);
});

test("the same seed gives the same history to the bit, another seed another one", async () => {
  const runs = [];
  for (const seed of [0, 0, 1]) {
    const history = await classifier({ seed }).fit(points, {
      ...quiet,
      epochs: 3,
      batchSize: 16,
      validationSplit: 0.2,
    });
    runs.push(withoutTimes(history));
  }
  expect(runs[1]).toEqual(runs[0]);
  expect(runs[2]).not.toEqual(runs[0]);
  expect(Object.keys(runs[0]!.epochs[0]!)).toEqual([
    ...["epoch", "loss", "accuracy", "learningRate", "valLoss", "valAccuracy"],
  ]);
  expect(runs[0]!.batches.map(({ epoch, batch }) => [epoch, batch]).slice(0, 4)).toEqual([
    [1, 1],
    [1, 2],
    [1, 3],
    [2, 1],
  ]);
});

test("a precision is that of every product, and training goes nearly the same way", async () => {
  const losses = [];
  for (const precision of ["float32", "bfloat16"] as const) {
    const trainer = classifier({ precision });
    losses.push((await trainer.fit(points, { ...quiet, epochs: 3 })).epochs.at(-1)!.loss);
    const products = trainer.step.trace().functions.flatMap(({ ops }) => ops.filter(({ attrs }) => "mul" in attrs));
    expect(new Set(products.map(({ attrs }) => attrs.mul))).toEqual(
      new Set([{ float32: "same", bfloat16: "bf16" }[precision]]),
    );
  }
  const [exact, rounded] = losses as [number, number];
  expect(rounded).not.toBe(exact);
  expect(Math.abs(rounded - exact)).toBeLessThan(0.02 * exact);
});

test("one program serves every batch, the smaller last one included, and loss and metrics are of all examples", async () => {
  const { create } = backend;
  let entries: string[] = [];
  const watched = {
    ...backend,
    async create(options?: unknown) {
      const made = await create(options);
      const { compile } = made;
      made.compile = (module, entry, given) => {
        entries.push(entry);
        return compile.call(made, module, entry, given);
      };
      return made;
    },
  };
  const trainer = classifier({ backend: watched, optimizer: sgd({ learningRate: 0 }), model: sequential([dense(3)]) });
  const { epochs } = await trainer.fit(points, { ...quiet, epochs: 2, batchSize: 16, validation: points }); // 16, 16, 16, 2
  expect(entries.sort()).toEqual(["evaluate", "reset", "reset", "train"]);
  entries = [];
  expect(epochs[0]!.loss).toBeCloseTo(epochs[0]!.valLoss!, 5);
  expect(epochs[1]!.accuracy).toBe(epochs[0]!.valAccuracy);
  const { loss, accuracy } = await trainer.evaluate(points, { batchSize: 7 });
  expect(loss).toBeCloseTo(epochs[0]!.loss, 5);
  expect(accuracy).toBe(epochs[0]!.accuracy);
  const [whole, parts] = [await trainer.predict(points), await trainer.predict(points, { batchSize: 7 })];
  expect(await parts.data()).toEqual(await whole.data());
  expect(entries).toEqual(["predict"]);
});

test("regularisers are part of the loss", async () => {
  const model = sequential([dense(3, { kernelInit: "ones", kernelRegularizer: l2(0.5) })]);
  const plain = sequential([dense(3, { kernelInit: "ones" })]);
  const [with2, without] = [classifier({ model }), classifier({ model: plain })];
  for (const trainer of [with2, without]) await trainer.fit(points, { ...quiet, epochs: 0 });
  const [a, b] = [await with2.evaluate(points), await without.evaluate(points)];
  expect(a.loss - b.loss).toBeCloseTo(0.5 * 6, 5);
});

test("a metric that is no number is given by evaluate, and left out of the history", async () => {
  const trainer = classifier({ metrics: [confusionMatrix({ classes: 3 }), "accuracy"] });
  const { epochs } = await trainer.fit(points, { ...quiet, epochs: 1 });
  expect(Object.keys(epochs[0]!)).not.toContain("confusionMatrix");
  const { confusionMatrix: table } = await trainer.evaluate(points);
  expect(table.counts.flat().reduce((a: number, b: number) => a + b)).toBe(50);
});

test("early stopping gives back the values of the best epoch", async () => {
  const trainer = classifier({ model: sequential([dense(3)]), optimizer: sgd({ learningRate: 0.05 }) });
  const losses: number[] = [];
  const worsen: Callback = {
    onEpochEnd({ epoch, logs }) {
      losses.push(logs.valLoss!);
      if (epoch === 3) (trainer.optimizer as unknown as { learningRate: number }).learningRate = -0.5; // uphill
    },
  };
  const stopping = earlyStopping({ patience: 1, restoreBest: true });
  const { epochs, stopped } = await trainer.fit(points, {
    ...{ ...quiet, epochs: 20, validation: points, callbacks: [worsen, stopping] },
  });
  expect(stopped).toBe("earlyStopping");
  expect(epochs.length).toBe(5);
  expect((await trainer.evaluate(points, { batchSize: 32 })).loss).toBe(Math.min(...losses));
});

test("an unknown number to monitor is answered with the nearest one", async () => {
  const fit = classifier().fit(points, { ...quiet, epochs: 1, callbacks: [earlyStopping({ monitor: "acuracy" })] });
  await expect(fit).rejects.toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 earlyStopping: monitor is acuracy, which is none of the epoch's numbers.
      logs: loss, accuracy, learningRate
      fix: did you mean accuracy?]
  `);
});

test("an abort ends the training after the step that is running, and fit goes on from there", async () => {
  const unbroken = await classifier().fit(points, { ...quiet, epochs: 2, batchSize: 8 });
  const trainer = classifier();
  const controller = new AbortController();
  const atBatch3: Callback = { onBatchEnd: ({ batch }) => void (batch === 3 && controller.abort()) };
  const options = { ...quiet, epochs: 1, batchSize: 8 };
  const first = await trainer.fit(points, { ...options, callbacks: [atBatch3], signal: controller.signal });
  expect([first.stopped, first.epochs.length, first.batches.length, trainer.epoch]).toEqual(["aborted", 0, 3, 0]);
  const second = await trainer.fit(points, { ...options, epochs: 2 });
  expect(withoutTimes(second)).toEqual(withoutTimes(unbroken));
});

test("the first Ctrl-C ends the training after the step, the second is the program's", async () => {
  const before = process.listenerCount("SIGINT");
  const counts: number[] = [];
  const interrupt: Callback = {
    onBatchEnd({ batch }) {
      counts.push(process.listenerCount("SIGINT"));
      if (batch === 2) process.emit("SIGINT");
    },
  };
  const { stopped, batches } = await classifier().fit(points, {
    ...{ ...quiet, epochs: 5, batchSize: 8, callbacks: [interrupt], handleInterrupt: true },
  });
  expect([stopped, batches.length, counts]).toEqual(["interrupted", 2, [before + 1, before + 1]]);
  expect(process.listenerCount("SIGINT")).toBe(before);
});

class Logarithm extends Layer {
  override forward(x: Tensor): Tensor {
    return log(x);
  }
}

class Net extends Layer {
  before = dense(4);
  middle = new Logarithm();
  after = dense(3);
  override forward(x: Tensor, ctx: Context): Tensor {
    return this.after.call(this.middle.call(this.before.call(x, ctx), ctx), ctx);
  }
}

test("a loss that is not finite names the layer that made it so, and leaves the parameters as they were", async () => {
  const trainer = classifier({ model: new Net() });
  await expect(trainer.fit(points, { ...quiet, epochs: 1 })).rejects.toThrowErrorMatchingInlineSnapshot(`
    [StateError E823 fit: the loss is not finite in batch 1 of epoch 1: middle is the first layer whose result holds NaN or infinity.
      at: middle
      fix: lower the learning rate, scale the inputs, or guard logarithms, roots and divisions in that layer.]
  `);
  for (const v of treeLeaves<unknown>(variablesOf(trainer.model)) as Variable[]) {
    expect((await v.value.data()).every((value) => Number.isFinite(value))).toBe(true);
  }
});

test("a missing value in the data is found before any layer is blamed", async () => {
  const x = points.columns.x.data.slice();
  x[2 * 17 + 1] = Number.NaN;
  const data = dataset({ x: { data: x, shape: [50, 2] }, y: points.columns.y });
  const fit = classifier().fit(data, { ...quiet, epochs: 1, shuffle: false, batchSize: 10 });
  await expect(fit).rejects.toThrowErrorMatchingInlineSnapshot(`
    [StateError E823 fit: the loss is not finite in batch 2 of epoch 1: x is NaN in row 7 of the batch.
      fix: replace or leave out missing values before training.]
  `);
});

test("an update that is not finite is told by the parameter it spoiled", async () => {
  const trainer = classifier({ optimizer: sgd({ learningRate: 1e38 }) });
  await expect(trainer.fit(points, { ...quiet, epochs: 3, batchSize: 10 })).rejects.toThrow(
    /E823 fit: the loss is not finite in batch \d of epoch 1: /,
  );
});

test("mistakes are answered with what was meant", async () => {
  const say = async (work: () => unknown): Promise<string> => {
    try {
      await work();
      return "nothing";
    } catch (error) {
      return String(error);
    }
  };
  const bad = points.map(({ x, y }) => ({
    x,
    y: Int32Array.from(y.data, (label, i) => (i === 7 ? 3 : Number(label))),
  }));
  const options = { ...quiet, epochs: 1 };
  const found = [
    await say(() => classifier({ loss: "mean_squared_eror" as never })),
    await say(() => classifier({ optimizer: "adma" as never })),
    await say(() => classifier({ optimizer: adam as never })),
    await say(() => classifier({ metrics: ["acuracy" as never] })),
    await say(() => classifier({ metrics: ["accuracy", "accuracy"] })),
    await say(() => new Trainer({ model: sequential([dense(1)]), loss: "mse", lr: 1 } as never)),
    await say(() => classifier().fit(points, {} as never)),
    await say(() => classifier().fit(points, { ...options, batchSize: "32" as never })),
    await say(() => classifier().fit(points, { ...options, verbose: 0 } as never)),
    await say(() => classifier().fit(points, { ...options, batch_size: 8 } as never)),
    await say(() => classifier().fit(bad, options)),
    await say(() => classifier().fit({ x: [[1, 2]], y: Int32Array.of(0, 1) }, options)),
    await say(() => classifier().fit(points.take(0), options)),
    await say(() => classifier().fit(points.map(({ x, y }) => ({ x, labels: y })) as never, options)),
    await say(() => classifier().fit(points, { ...options, validation: { x: [[1, 2, 3]], y: Int32Array.of(0) } })),
    await say(() => classifier().fit(points, { ...options, validationSplit: 1.5 })),
    await say(() => classifier().fit(points, { ...options, callbacks: [{ onEpochDone() {} } as never] })),
    await say(() => classifier().predict([[1, 2]])),
    await say(() => classifier().save()),
  ];
  expect(found.join("\n")).toMatchInlineSnapshot(`
    "OptionError E803 Trainer: loss is "mean_squared_eror", which is no known name.
      fix: did you mean meanSquaredError?
    OptionError E803 Trainer: optimizer is "adma", which is no known name.
      fix: did you mean adam?
    OptionError E803 Trainer: optimizer is a function, which is no optimizer.
      fix: call it, as in adam().
    OptionError E803 metric: there is no metric "acuracy".
      fix: did you mean accuracy?
    OptionError E803 Trainer: two metrics are called accuracy.
      fix: give one of them another name, as in { ...precision(), name: "other" }.
    OptionError E801 Trainer: unknown option lr.
      fix: give the optimizer a learningRate, as in adam({ learningRate: 1e-3 }).
    OptionError E802 fit: epochs is missing.
      fix: say how long to train, as in { epochs: 5 }.
    OptionError E803 fit: batchSize is "32", which is no whole number from 1.
      fix: give a number such as 32.
    OptionError E801 fit: unknown option verbose.
      fix: here it is called progress.
    OptionError E801 fit: unknown option batch_size.
      fix: did you mean batchSize?
    OptionError E811 checkLabels: the label in row 7 is 3, which is none of 3 classes.
      fix: labels are whole numbers from 0 to 2.
    ShapeError E771 dataset: x has 1 rows but y has 2.
      x: float32 [1, 2]
      y: int32 [2]
      fix: give columns with equally many rows.
    OptionError E821 fit: the data have no rows.
      fix: give at least one example.
    OptionError E820 fit: the data have no column y.
      columns: x, labels
      fix: rename columns with map, as in data.map(({ images, labels }) => ({ x: images, y: labels })).
    ShapeError E822 Trainer: validation x is not like the data that the model was built for.
      validation x: float32 [B, 3]
      wanted: float32 [B, 2]
      fix: prepare all data in the same way.
    OptionError E803 fit: validationSplit is 1.5, which is no share between 0 and 1.
      fix: give a number such as 0.2.
    OptionError E801 callbacks: unknown option onEpochDone.
      fix: did you mean onEpochEnd?
    StateError E826 predict: the model is not built, so that it has no Variables yet.
      fix: call fit or load first, or build the model.
    StateError E826 save: the model has not been trained, so the types of its data are not known.
      fix: call fit or load first."
  `);
});

test("callbacks may evaluate and predict, and evaluations wait for one another", async () => {
  const trainer = classifier();
  const seen: number[] = [];
  const look: Callback = {
    async onEpochEnd() {
      const [a, b] = await Promise.all([trainer.evaluate(points), trainer.evaluate(points), trainer.predict(points)]);
      seen.push(a.loss - b.loss);
    },
  };
  await trainer.fit(points, { ...quiet, epochs: 2, callbacks: [look] });
  expect(seen).toEqual([0, 0]);
});

test("two trainings at once are refused", async () => {
  const trainer = classifier();
  const first = trainer.fit(points, { ...quiet, epochs: 1 });
  await expect(trainer.fit(points, { ...quiet, epochs: 1 })).rejects.toThrow(/E826/);
  expect((await first).epochs.length).toBe(1);
});

test("anything with call and Variables is a model, anything with apply an optimizer; whole floats are taken for classes", async () => {
  const weight = variable(
    [
      [1, 0, 0],
      [0, 1, 0],
    ],
    { name: "weight" },
  );
  const model = { call: (x: Tensor) => matmul(x, weight.value), [variables]: () => ({ weight }) };
  const optimizer = {
    apply: (grads: object | null) =>
      void weight.assign(weight.value.sub((grads as { weight: Tensor }).weight.mul(0.1))),
    [variables]: () => null,
  };
  const floats = {
    x: [
      [0, 1],
      [1, 0],
      [2, 2],
    ],
    y: [0, 1, 2],
  };
  const { epochs } = await classifier({ model, optimizer }).fit(floats, { ...quiet, epochs: 2 });
  expect(Object.keys(epochs[1]!)).toEqual(["epoch", "seconds", "loss", "accuracy"]);
  expect(epochs[1]!.loss).toBeLessThan(epochs[0]!.loss);
});

test("a step leaves nothing behind, whether or not memory is collected", async () => {
  const alive: number[] = [];
  const count: Callback = { onEpochEnd: () => void alive.push(memory().tensors) };
  await classifier().fit(points, { ...quiet, epochs: 8, batchSize: 2, callbacks: [count] });
  expect(alive[7]! - alive[1]!).toBeLessThan(6 * 25); // which one tensor per step would be
});

test("a probability is one in another shape too", async () => {
  const loss = async (layers: Layer[]): Promise<number> => {
    const model = sequential([dense(4, { kernelInit: "ones", activation: "sigmoid" }), ...layers]);
    const trainer = new Trainer({
      model,
      loss: "binaryCrossEntropy",
      optimizer: sgd({ learningRate: 0 }),
      backend,
      seed: 0,
    });
    const y = { data: new Float32Array(8).fill(1), shape: layers.length === 0 ? [2, 4] : [2, 2, 2] };
    return (await trainer.fit({ x: [[1], [2]], y }, { ...quiet, epochs: 1 })).epochs[0]!.loss;
  };
  expect(await loss([reshape([2, 2])])).toBeCloseTo(await loss([]), 5);
});
