import type { Backend, BackendFactory } from "@tenon/backend";
import { cpuJs } from "@tenon/backend-cpu-js";
import { dataset } from "@tenon/datasets";
import { LimitError } from "@tenon/ir";
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

/** cpu-js as if its memory were its own, and had so many bytes, of which none are left for batches if so; with what is written into it. */
function apart(memoryBytes: number, isFull = false) {
  const inner = cpuJs();
  const written: number[] = [];
  const made: Backend[] = [];
  const factory: BackendFactory = {
    ...inner,
    async create(options) {
      const backend = await inner.create(options);
      const { caps } = backend;
      made.push(backend);
      const [write, compile] = [backend.write.bind(backend), backend.compile.bind(backend)];
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
        async compile(...args: Parameters<typeof compile>) {
          const executable = await compile(...args);
          if (!isFull || args[1] !== "batch") return executable;
          const run = (): never => {
            throw new LimitError("E540", "alloc", "there is no memory left");
          };
          return Object.assign(Object.create(executable) as typeof executable, { run });
        },
      });
    },
  };
  return { factory, written, liveBytes: () => made[0]!.stats().liveBytes };
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

test("data whose batches have no room are given back, and batches come from where they were", async () => {
  const full = apart(2 ** 30, true);
  const small = apart(4 * 8 * ROWS);
  expect(await lossesOn(full.factory)).toEqual(await lossesOn(small.factory));
  expect(full.written).toContain(4 * 8 * ROWS);
  expect(full.written).toContain(4 * 8 * 16);
  expect(full.liveBytes()).toBeLessThan(4 * 8 * ROWS); // the model's, and results that are not collected yet
});
