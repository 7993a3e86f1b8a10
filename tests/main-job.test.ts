import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Circumstances, type Outcome, resultsOf, runProgram } from "./programs.ts";

/** Runs what `npm start` runs. */
const start = (options: readonly string[], circumstances: Circumstances = {}): Promise<Outcome> =>
  runProgram("examples/mnist/main.ts", options, circumstances);

const data = process.env.TENON_DATA;

test("npm start trains on cpu-js, shows what it sees, and the file that it saves predicts equally", async () => {
  const outcome = await start(["--json", "--dataset", "digits", "--images", "6000", "--epochs", "2"]);
  expect(outcome.errors).toMatch(/^epoch 2\/2 .* loss 0\.\d+ .* valAccuracy 0\.\d+/m);
  expect(outcome.output).toContain("6000 + 6000 pictures of digits, network 784-256-256-10, backend cpu-js, seed 0");
  expect(outcome.output).toMatch(/[░▒▓█]/);
  expect(outcome.output).toContain("actual ↓   predicted →");
  expect(outcome.output).toContain("saved as mnist.tenon; loaded again it predicts equally, bit for bit");
  const results = resultsOf(outcome);
  expect(results).toEqual({
    dataset: "digits",
    backend: "cpu-js",
    epochs: 2,
    trainSeconds: expect.any(Number),
    testAccuracy: expect.any(Number),
    testLoss: expect.any(Number),
    reached: true,
  });
  expect(results.testAccuracy).toBeGreaterThanOrEqual(0.85);
  expect(outcome.code).toBe(0);
}, 120_000);

test("where MNIST is neither here nor to be fetched it says so and takes digits; too little accuracy is an exit code of 1", async () => {
  const options = ["--json", "--backend", "interpreter", "--images", "140", "--epochs", "1"];
  const outcome = await start(options);
  expect(outcome.output).toMatch(/^MNIST is not here and cannot be fetched, so these are digits/);
  expect(resultsOf(outcome)).toMatchObject({ dataset: "digits", backend: "interpreter" });
  expect(outcome.output).toContain("✗ not reached: at least 50.0 % are right");
  expect(outcome.code).toBe(1);
}, 120_000);

test.runIf(data !== undefined && existsSync(join(data, "mnist")))(
  "five epochs of MNIST give 97 %",
  async () => {
    const outcome = await start(["--json"], { env: { TENON_DATA: data } });
    expect(outcome.output).toContain("60000 + 10000 pictures of mnist");
    expect(resultsOf(outcome)).toMatchObject({ dataset: "mnist" });
    expect(resultsOf(outcome).testAccuracy).toBeGreaterThanOrEqual(0.97);
    expect(outcome.code).toBe(0);
  },
  180_000,
);

test("a wrong option, value or backend is one sentence and an exit code of 2", async () => {
  const wrong = [
    ["--epohs", "3"],
    ["--batchSize", "3"],
    ["--epochs", "0"],
    ["--dataset", "mnits"],
    ["--backend", "nonsense"],
  ];
  const outcomes = await Promise.all(wrong.map((options) => start(options)));
  expect(outcomes.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2]);
  expect(outcomes.map(({ errors }) => errors).join("")).toMatchInlineSnapshot(`
    "OptionError E801 mnist: unknown option epohs.
      fix: did you mean epochs?
    OptionError E801 mnist: unknown option batchSize.
      fix: did you mean batch-size?
    OptionError E803 mnist: epochs is 0, which is no whole number from 1.
      fix: for example --epochs 5.
    OptionError E803 mnist: dataset is mnits, which is not one of mnist, fashion-mnist, digits.
      fix: for example --dataset mnist.
    BackendError E501 backend: there is no backend "nonsense".
      registered: none
      fix: install it with: npm install @tenon/backend-nonsense.
    "
  `);
}, 60_000);

test("Ctrl-C ends the step at hand, saves what was learned, and exits with 130", async () => {
  const folder = mkdtempSync(join(tmpdir(), "program-"));
  const options = ["--dataset", "digits", "--images", "2000", "--epochs", "1000"];
  const outcome = await start(options, { folder, interruptAt: /^epoch 2\/1000/m });
  expect(outcome.output).toMatch(/^Stopped after \d+ of 1000 epochs\. mnist\.tenon has all of it/m);
  expect(existsSync(join(folder, "mnist.tenon"))).toBe(true);
  expect(outcome.code).toBe(130);
  rmSync(folder, { recursive: true });
}, 60_000);
