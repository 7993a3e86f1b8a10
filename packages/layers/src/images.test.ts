import "@tenon/backend-cpu-js";
import { digits } from "@tenon/datasets";
import { activation, batchNorm, conv2d, dense, flatten, maxPooling2d, reshape, sequential } from "@tenon/layers";
import { sparseCategoricalCrossEntropy } from "@tenon/losses";
import { adam } from "@tenon/optimizers";
import { setBackend } from "@tenon/tensor";
import { Trainer } from "@tenon/train";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("cpu-js"));

test("a convolutional network learns drawn digits", async () => {
  const { train, test: unseen } = digits({ train: 1024, test: 256, size: 14 });
  const trainer = new Trainer({
    model: sequential([
      reshape([14, 14, 1]),
      conv2d(8, 3, { useBias: false }),
      batchNorm({ momentum: 0.8 }),
      activation("relu"),
      maxPooling2d(2),
      conv2d(16, 3, { activation: "relu" }),
      maxPooling2d(2),
      flatten(),
      dense(10),
    ]),
    loss: sparseCategoricalCrossEntropy,
    optimizer: adam({ learningRate: 0.01 }),
    metrics: ["accuracy"],
    seed: 0,
  });
  await trainer.fit(train, { epochs: 5, batchSize: 32, progress: false });
  expect((await trainer.evaluate(unseen)).accuracy).toBeGreaterThan(0.8);
});
