import { cpuJs } from "@tenon/backend-cpu-js";
import { dataset, endless, randomTokenWindows } from "@tenon/datasets";
import { dense, embedding, Layer, sequential } from "@tenon/layers";
import { adam, sgd } from "@tenon/optimizers";
import { type Context, concat, loadStep, type Tensor, tensor } from "@tenon/tensor";
import { expect, test } from "vitest";
import { Trainer, type TrainerOptions } from "./index.ts";

const backend = cpuJs();
const quiet = { progress: "quiet" } as const;

/** Two inputs, and two answers: which of two kinds, and how much. */
class Net extends Layer<{ size: Tensor; colour: Tensor }, { kind: Tensor; price: Tensor }> {
  colours = embedding(3, 2);
  sort = dense(2);
  price = dense(1);
  override forward({ size, colour }: { size: Tensor; colour: Tensor }, ctx: Context) {
    const both = concat([size, this.colours.call(colour, ctx)], { axis: -1 });
    return { kind: this.sort.call(both, ctx), price: this.price.call(both, ctx) };
  }
}

const size = Array.from({ length: 20 }, (_, i) => [i / 10, (i % 5) / 5]);
const colour = Int32Array.from(size, (_, i) => i % 3);
const kind = Int32Array.from(size, (_, i) => Number(i > 9));
const price = size.map(([a, b]) => [a! + 2 * b!]);
const rows = { x: { size, colour }, y: { kind, price } };

const trainerOf = (options: Partial<TrainerOptions> = {}): Trainer =>
  new Trainer({
    model: new Net(),
    loss: { kind: "sparseCategoricalCrossEntropy", price: "meanSquaredError" },
    lossWeights: { price: 0.5 },
    optimizer: adam({ learningRate: 0.05 }),
    metrics: { kind: ["accuracy"] },
    backend,
    seed: 0,
    ...options,
  });

test("several inputs and outputs have columns of their own, each output its loss, and the sum is weighted", async () => {
  const trainer = trainerOf();
  const { epochs } = await trainer.fit(rows, { ...quiet, epochs: 30, batchSize: 8, validation: rows });
  const last = epochs.at(-1)!;
  expect(Object.keys(last)).toEqual([
    ...["epoch", "seconds", "loss", "kindLoss", "priceLoss", "kindAccuracy", "learningRate"],
    ...["valLoss", "valKindLoss", "valPriceLoss", "valKindAccuracy"],
  ]);
  expect(last.loss).toBeLessThan(0.3 * epochs[0]!.loss);
  const found = await trainer.evaluate(rows);
  expect(found.loss).toBeCloseTo(found.kindLoss + 0.5 * found.priceLoss, 5);
  expect(found.kindAccuracy).toBeGreaterThan(0.9);

  const predictions = await trainer.predict<{ kind: Tensor; price: Tensor }>(rows.x, { batchSize: 7 });
  expect([predictions.kind.shape, predictions.price.shape]).toEqual([
    [20, 2],
    [20, 1],
  ]);
  const predict = await loadStep(await trainer.save(), { backend });
  const again = await predict({ size: tensor(size), colour: tensor(colour) });
  expect(await again.price.data()).toEqual(await predictions.price.data());
});

test("a data set names its columns after inputs and outputs; a file goes on from it", async () => {
  const data = dataset({ "x.size": rows.x.size, "x.colour": colour, "y.kind": kind, "y.price": price });
  const options = { ...quiet, batchSize: 8 };
  const whole = await trainerOf().fit(data, { ...options, epochs: 2 });
  const first = trainerOf();
  await first.fit(data, { ...options, epochs: 1 });
  const second = await trainerOf().load(await first.save());
  const { epochs } = await second.fit(data, { ...options, epochs: 1 });
  expect(epochs[1]!.loss).toBe(whole.epochs[1]!.loss);
});

test("targets of some outputs are enough, inputs may be a list, and a loss may take all outputs at once", async () => {
  const some = trainerOf({ loss: "meanSquaredError", lossWeights: {}, metrics: [] });
  const { epochs } = await some.fit({ x: rows.x, y: { price } }, { ...quiet, epochs: 1 });
  expect(Object.keys(epochs[0]!)).toEqual(["epoch", "seconds", "loss", "learningRate"]);

  class Sum extends Layer<readonly [Tensor, Tensor], readonly Tensor[]> {
    a = dense(1);
    b = dense(1);
    override forward([x, y]: readonly [Tensor, Tensor], ctx: Context): readonly Tensor[] {
      return [this.a.call(x, ctx), this.b.call(y, ctx)];
    }
  }
  const loss = ((predictions: readonly Tensor[], targets: Tensor) =>
    predictions[0]!.add(predictions[1]!).sub(targets).square()) as never;
  const both = new Trainer({ model: new Sum(), loss, optimizer: adam({ learningRate: 0.1 }), backend, seed: 0 });
  const list = { x: [tensor(size), tensor(size)], y: tensor(price) };
  const history = await both.fit(list, { ...quiet, epochs: 20 });
  expect(history.epochs.at(-1)!.loss).toBeLessThan(0.2 * history.epochs[0]!.loss);
});

test("an example of weight 2 counts as two, and one of weight 0 as none", async () => {
  const model = () => sequential([dense(1, { kernelInit: "zeros" })]);
  const train = async (data: Parameters<Trainer["fit"]>[0], factor: number) => {
    const trainer = new Trainer({
      model: model(),
      loss: "mse",
      optimizer: sgd({ learningRate: 0.1 * factor }),
      backend,
      seed: 0,
    });
    await trainer.fit(data, { ...quiet, epochs: 3, batchSize: 10 });
    return (await trainer.predict([[1], [2]])).data();
  };
  const weighted = await train({ x: [[1], [2], [3]], y: [1, 1, 5], weight: [2, 1, 0] }, 1);
  const repeated = await train({ x: [[1], [1], [2]], y: [1, 1, 1] }, 1);
  expect(Array.from(weighted)).toEqual(Array.from(repeated, (value) => expect.closeTo(value, 5)));
});

test("labels of every step of a sequence are classes, and accuracy is of steps", async () => {
  const ids = Array.from({ length: 400 }, (_, i) => i % 4);
  const windows = endless((count, key) => randomTokenWindows(ids, { length: 6, count, seed: key }));
  const trainer = new Trainer({
    model: sequential([embedding(4, 8), dense(4)]),
    loss: "sparseCategoricalCrossEntropy",
    optimizer: adam({ learningRate: 0.1 }),
    metrics: ["accuracy"],
    backend,
    seed: 0,
  });
  const { epochs, batches } = await trainer.fit(windows, { ...quiet, epochs: 2, stepsPerEpoch: 15, batchSize: 4 });
  expect(epochs[1]!.accuracy).toBeGreaterThan(0.95);
  expect(batches.filter(({ epoch }) => epoch === 2).map(({ batch }) => batch)).toEqual(
    Array.from({ length: 15 }, (_, i) => i + 1),
  );
  const wrong = { x: [[0, 1]], y: [[1, 4]] };
  await expect(trainer.evaluate({ x: Int32Array.of(0, 1), y: Int32Array.of(1, 4) })).rejects.toThrow("E822");
  await expect(
    new Trainer({ model: sequential([dense(4)]), loss: "sparseCategoricalCrossEntropy", backend }).fit(
      { x: [wrong.x.flat().map((n) => [n])], y: wrong.y },
      { ...quiet, epochs: 1 },
    ),
  ).rejects.toThrow("E811 checkLabels: the label in row 1 is 4");
});

test("steps that a mask leaves out are no part of the loss", async () => {
  const model = (maskZero: boolean) =>
    sequential([embedding(3, 2, { maskZero, init: "ones" }), dense(2, { kernelInit: "ones" })]);
  const lossOf = async (maskZero: boolean, ids: number[][], y: number[][]): Promise<number> => {
    const loss = "sparseCategoricalCrossEntropy";
    const trainer = new Trainer({
      model: model(maskZero),
      loss,
      optimizer: sgd({ learningRate: 0 }),
      backend,
      seed: 0,
    });
    const column = (rows: number[][]) => ({
      data: Int32Array.from(rows.flat()),
      shape: [rows.length, rows[0]!.length],
    });
    const bias = await trainer.fit({ x: column(ids), y: column(y) }, { ...quiet, epochs: 0 });
    expect(bias.epochs).toEqual([]);
    (trainer.model as unknown as { layers: { bias?: { assign(value: Tensor): void } }[] }).layers[1]!.bias!.assign(
      tensor([0, 1]),
    );
    return (await trainer.evaluate({ x: column(ids), y: column(y) })).loss;
  };
  const padded = await lossOf(true, [[1, 2, 0, 0]], [[0, 1, 1, 1]]);
  expect(padded).toBeCloseTo(await lossOf(false, [[1, 2]], [[0, 1]]), 5);
  expect(padded).not.toBeCloseTo(await lossOf(false, [[1, 2, 0, 0]], [[0, 1, 1, 1]]), 2);
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
  const once = { ...quiet, epochs: 1 };
  const never = endless((count) => dataset({ x: new Float32Array(count), y: new Float32Array(count) }));
  const line = (): Trainer => trainerOf({ model: sequential([dense(1)]), loss: "mse", lossWeights: {}, metrics: [] });
  const found = [
    await say(() => trainerOf({ loss: { kind: "mse" } }).fit(rows, once)),
    await say(() => trainerOf({ loss: { kind: "mse", prize: "mse" } }).fit(rows, once)),
    await say(() => trainerOf({ metrics: { klass: ["accuracy"] } }).fit(rows, once)),
    await say(() => trainerOf({ lossWeights: { price: -1 } })),
    await say(() => trainerOf({ loss: "mse" }).fit({ x: rows.x, y: { cost: price } }, once)),
    await say(() => trainerOf().fit(rows, { ...once, validation: { x: rows.x, y: { kind } } })),
    await say(() => line().fit(never, once)),
    await say(() => line().fit(never, { ...once, stepsPerEpoch: 1, validationSplit: 0.1 })),
    await say(() => line().fit({ x: size, y: price }, { ...once, stepsPerEpoch: 9 })),
    await say(() => line().evaluate(never)),
  ];
  expect(found.join("\n")).toMatchInlineSnapshot(`
    "OptionError E802 Trainer: loss.price is missing.
      fix: give each output a loss, or leave its targets out of the data.
    OptionError E801 loss: unknown option prize.
      fix: did you mean price?
    OptionError E801 metrics: unknown option klass.
      fix: the options are kind, price.
    OptionError E803 Trainer: lossWeights.price is -1, which is no number from 0.
    OptionError E820 Trainer: the data have targets y.cost, which is no output of the model.
      outputs: kind, price
      fix: call targets as the model's outputs are called.
    OptionError E820 Trainer: validation y.price is missing.
      wanted: float32 [B, 1]
      fix: give data with the same columns as those that the model was built for.
    OptionError E802 fit: stepsPerEpoch is missing, and the data never end.
      fix: say how many steps an epoch has, as in { stepsPerEpoch: 100 }.
    OptionError E803 fit: the data never end.
      fix: give a set of so many rows.
    OptionError E803 fit: stepsPerEpoch is 9, but the data have 1 batch.
      fix: leave it out, and train for more epochs.
    OptionError E803 evaluate: the data never end.
      fix: give a set of so many rows."
  `);
});
