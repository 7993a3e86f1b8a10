import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpuJs } from "@tenon/backend-cpu-js";
import { blobs } from "@tenon/datasets";
import { batchNorm, dense, dropout, sequential } from "@tenon/layers";
import { adam, cosineDecay, momentum } from "@tenon/optimizers";
import { loadStep, tensor, type Variable, variablesOf } from "@tenon/tensor";
import { treeLeaves } from "@tenon/tree";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Callback, modelCheckpoint, Trainer, type TrainerOptions } from "./node.ts";

const backend = cpuJs();
const points = blobs({ count: 50, classes: 3, seed: 0 });
const quiet = { progress: "quiet", batchSize: 8 } as const;
const make = (options: Partial<TrainerOptions> = {}): Trainer =>
  new Trainer({
    model: sequential([dense(8, { activation: "relu" }), batchNorm(), dropout(0.2), dense(3)]),
    loss: "sparseCategoricalCrossEntropy",
    optimizer: adam({ learningRate: cosineDecay(0.01, { steps: 100 }) }),
    metrics: ["accuracy"],
    backend,
    seed: 0,
    ...options,
  });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tenon-train-"));
});
afterAll(() => rm(folder, { recursive: true }));

const parametersOf = async (trainer: Trainer): Promise<number[][]> => {
  const found = [trainer.model, trainer.optimizer].flatMap((s) => treeLeaves<unknown>(variablesOf(s)) as Variable[]);
  return Promise.all(found.map(async (v) => Array.from((await v.value.data()) as Float32Array)));
};

test("a saved trainer is a step that predicts the same, for loadStep alone", async () => {
  const trainer = make();
  await trainer.fit(points, { ...quiet, epochs: 2 });
  const path = join(folder, "model.tenon");
  const bytes = await trainer.save(path);
  expect(new Uint8Array(await readFile(path))).toEqual(bytes);
  expect(await readdir(folder)).toEqual(["model.tenon"]); // no temporary file is left
  const predict = await loadStep(bytes, { backend });
  const x = points.columns.x.tensor();
  expect(await (await predict(x)).data()).toEqual(await (await trainer.predict(points)).data());
  expect(await (await predict(tensor([[1, 2]]))).data()).toHaveLength(3);
});

test("training that stops within an epoch, is saved, and goes on in another trainer gives the same bits", async () => {
  const unbroken = make();
  await unbroken.fit(points, { ...quiet, epochs: 3 });
  const first = make();
  const halfway: Callback = { onBatchEnd: ({ epoch, batch, stop }) => void (epoch === 2 && batch === 4 && stop()) };
  const { stopped } = await first.fit(points, { ...quiet, epochs: 3, callbacks: [halfway] });
  expect(stopped).toBe("callback");
  const second = make({ seed: 0 });
  await second.load(await first.save());
  expect(second.epoch).toBe(1);
  const { epochs, batches } = await second.fit(points, { ...quiet, epochs: 2 });
  expect(await parametersOf(second)).toEqual(await parametersOf(unbroken));
  expect(epochs.map(({ seconds, ...rest }) => rest)).toEqual(
    unbroken.history.epochs.map(({ seconds, ...rest }) => rest),
  );
  expect(batches).toEqual(unbroken.history.batches);
});

test("the step of the training can be the file's program, and goes on without this code", async () => {
  const trainer = make();
  await trainer.fit(points, { ...quiet, epochs: 1 });
  const step = await loadStep(await trainer.save(undefined, { program: "train" }), { backend });
  const { x, y } = points.slice(0, 8).tensors();
  const [here, there] = await Promise.all([trainer.step(x, y), step(x, y)]);
  expect(await there.data()).toEqual(await here.data());
});

test("modelCheckpoint keeps the best epoch, and Ctrl-C saves where it is told to", async () => {
  const [best, last] = [join(folder, "best.tenon"), join(folder, "last.tenon")];
  const interrupt: Callback = { onEpochEnd: ({ epoch }) => void (epoch === 2 && process.emit("SIGINT")) };
  const trainer = make();
  await trainer.fit(points, {
    ...{ ...quiet, epochs: 5, handleInterrupt: last },
    callbacks: [modelCheckpoint(best, { monitor: "accuracy" }), interrupt],
  });
  expect(trainer.history.stopped).toBe("interrupted");
  expect((await make().load(last)).epoch).toBe(2);
  expect((await make().load(best)).epoch).toBeGreaterThan(0);
});

test("a file of another model, of another optimizer, or of no training is refused", async () => {
  const trainer = make();
  await trainer.fit(points, { ...quiet, epochs: 1 });
  const bytes = await trainer.save();
  const wider = make({ model: sequential([dense(9), batchNorm(), dropout(0.2), dense(3)]) });
  await expect(wider.load(bytes)).rejects.toThrowErrorMatchingInlineSnapshot(`
    [FormatError E825 load: the file has another dense1.weight.
      model: float32 [2, 9]
      file: float32 [2, 8]
      fix: load it into a trainer with the same model.]
  `);
  await expect(make({ optimizer: momentum() }).load(bytes)).rejects.toThrow(/E825 load: the file has no momentum/);
  await expect(make().load(await trainer.save(undefined, { program: "train" }))).rejects.toThrow(/E825/);
  await expect(make().load(bytes.subarray(0, 1000))).rejects.toThrow(/E1\d\d/);
});
