import type { BackendFactory } from "@tenon/backend";
import { cpuJs } from "@tenon/backend-cpu-js";
import { dataset } from "@tenon/datasets";
import { dense, sequential } from "@tenon/layers";
import { meanSquaredError } from "@tenon/losses";
import { sgd } from "@tenon/optimizers";
import { expect, test } from "vitest";
import { Trainer } from "./trainer.ts";

const ROWS = 50;
const data = dataset({
  x: { data: Float32Array.from({ length: 8 * ROWS }, (_, i) => Math.sin(i)), shape: [ROWS, 8] },
  y: { data: Float32Array.from({ length: ROWS }, (_, i) => Math.cos(i)), shape: [ROWS, 1] },
});

/** cpu-js as if its memory were its own, and had so many bytes; with what is written into it. */
function apart(memoryBytes: number) {
  const inner = cpuJs();
  const written: number[] = [];
  const factory: BackendFactory = {
    ...inner,
    async create(options) {
      const backend = await inner.create(options);
      const { caps } = backend;
      const write = backend.write.bind(backend);
      return Object.assign(backend, {
        caps: {
          ...caps,
          features: [...caps.features, "own-memory"],
          limits: { ...caps.limits, maxBufferBytes: memoryBytes },
        },
        write(...args: Parameters<typeof write>) {
          written.push(args[1].byteLength);
          write(...args);
        },
      });
    },
  };
  return { factory, written };
}

async function lossesOn(backend: BackendFactory): Promise<readonly number[]> {
  const model = sequential([dense(4, { activation: "tanh" }), dense(1)]);
  const trainer = new Trainer({
    model,
    loss: meanSquaredError,
    optimizer: sgd({ learningRate: 0.1 }),
    backend,
    seed: 3,
  });
  const validation = data.slice(0, 20);
  const { epochs } = await trainer.fit(data, { epochs: 3, batchSize: 16, validation, progress: false });
  return epochs.flatMap(({ loss, valLoss }) => [loss, valLoss!]);
}

test("data that fit are brought to the device once, and batches are taken there, in the same order", async () => {
  const { factory, written } = apart(2 ** 30);
  expect(await lossesOn(factory)).toEqual(await lossesOn(cpuJs()));
  const columns = [4 * 8 * ROWS, 4 * ROWS];
  for (const bytes of columns) expect(written.filter((n) => n === bytes)).toHaveLength(1);
  const batch = 4 * 8 * 16;
  expect(written).not.toContain(batch);
  expect(written.filter((n) => n === 4 * 16).length).toBeGreaterThan(8); // the numbers of rows, and labels never
});

test("data that would take too much of the memory stay where they are", async () => {
  const { factory, written } = apart(4 * 8 * ROWS);
  expect(await lossesOn(factory)).toEqual(await lossesOn(cpuJs()));
  expect(written).toContain(4 * 8 * 16);
  expect(written).not.toContain(4 * 8 * ROWS);
});
