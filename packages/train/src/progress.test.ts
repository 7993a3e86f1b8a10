import { cpuJs } from "@tenon/backend-cpu-js";
import { dense, sequential } from "@tenon/layers";
import { sgd } from "@tenon/optimizers";
import { expect, test } from "vitest";
import { type ProgressOptions, Trainer } from "./index.ts";
import { Progress } from "./progress.ts";
import { durationText, numberText, rateText } from "./progress-text.ts";

/** What is written by a training whose clock goes on by `stepMs` whenever it is asked. */
async function written(options: Omit<ProgressOptions, "write" | "now">, stepMs: number): Promise<string> {
  let time = 0;
  let text = "";
  const trainer = new Trainer({
    model: sequential([dense(1, { kernelInit: "zeros" })]),
    loss: "meanSquaredError",
    optimizer: sgd({ learningRate: 0 }),
    backend: cpuJs(),
    seed: 0,
  });
  const x = Array.from({ length: 8 }, (_, i) => [i]);
  await trainer.fit(
    { x, y: x.map(() => [2]) },
    {
      ...{ epochs: 1, batchSize: 1, validationSplit: 0.5 },
      progress: { ...options, write: (part) => void (text += part), now: () => (time += stepMs) },
    },
  );
  return text.replaceAll("\r\u001b[2K", "<clear>");
}

test("on a terminal one line is drawn anew, and an epoch leaves its line", async () => {
  expect(await written({ mode: "bar", columns: 110 }, 100)).toMatchInlineSnapshot(`
    "<clear>epoch 1/1  ━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌  1/4  0.6 s left  5.0 examples/s  loss 4.0000  learningRate 0<clear>epoch 1/1  ━━━━━━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌  2/4  0.4 s left  5.0 examples/s  loss 4.0000  learningRate 0<clear>epoch 1/1  ━━━━━━━━━━━━━━━━━━━━━━━╌╌╌╌╌╌╌  3/4  0.2 s left  5.0 examples/s  loss 4.0000  learningRate 0<clear>epoch 1/1  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  4/4  0 ms left  5.0 examples/s  loss 4.0000  learningRate 0<clear>epoch 1/1  0.9 s  4.4 examples/s  loss 4.0000  valLoss 4.0000
    "
  `);
});

test("a log has a line per epoch, and one every ten seconds within it", async () => {
  expect(await written({ mode: "lines" }, 5_000)).toMatchInlineSnapshot(`
    "epoch 1/1  2/4  15 s left  0.1 examples/s  loss 4.0000  learningRate 0
    epoch 1/1  4/4  0 ms left  0.1 examples/s  loss 4.0000  learningRate 0
    epoch 1/1  35 s  0.1 examples/s  loss 4.0000  valLoss 4.0000
    "
  `);
});

test("quiet writes nothing", async () => {
  expect(await written({ mode: "quiet" }, 5_000)).toBe("");
});

test("a narrow terminal loses the bar first, and no line is as wide as the terminal", () => {
  for (const columns of [20, 60, 90, 140]) {
    let text = "";
    const progress = new Progress({ mode: "bar", columns, write: (part) => void (text += part), now: () => 1000 });
    progress.epochBegins();
    progress.update({ epoch: 1, epochs: 5, batch: 3, batches: 9, examples: 96, skipped: 0 }, { loss: 0.5 });
    const line = text.replace("\r\u001b[2K", "");
    expect(line.length).toBeLessThan(columns);
    expect(line.includes("━")).toBe(columns >= 90);
  }
});

test("numbers have four digits, durations the units that matter", () => {
  const numbers = [0, 0.123456, 12.3456, 123.456, 12_345.6, 1_234_567, 0.001, 0.0012345, 0.00001234, -0.5, Number.NaN];
  expect(numbers.map(numberText).join(" ")).toBe(
    "0 0.1235 12.35 123.5 12346 1.235e+6 0.001 0.001234 1.234e-5 -0.5000 NaN",
  );
  expect([0.04, 0.0999, 9.94, 12.4, 59.6, 65, 3599, 7800, Number.POSITIVE_INFINITY].map(durationText).join(", ")).toBe(
    "40 ms, 0.1 s, 9.9 s, 12 s, 1 min 00 s, 1 min 05 s, 59 min 59 s, 2 h 10 min, –",
  );
  expect([3.14, 12_345.6, 1_234_567].map(rateText).join(", ")).toBe(
    "3.1 examples/s, 12,346 examples/s, 1,234,567 examples/s",
  );
});

test("another mode is refused", () => {
  expect(() => new Progress("loud" as never)).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 progress: the mode is "loud".
      fix: use one of auto, bar, lines, quiet, or false for quiet.]
  `);
});
