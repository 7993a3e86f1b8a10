import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../scripts/workspace.mjs";

interface Outcome {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs the main job as a program of its own, on built packages. */
function firstSteps(options: readonly string[], env: NodeJS.ProcessEnv = {}, interruptAt?: RegExp): Promise<Outcome> {
  const { TENON_DATA: _data, ...inherited } = process.env;
  const child = spawn(process.execPath, [join(root, "examples/first-steps/main.ts"), ...options], {
    env: { ...inherited, ...env },
  });
  let [output, errors] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    if (interruptAt?.test(output) && !child.killed) child.kill("SIGINT");
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve({ code, output, errors }));
  });
}

const summary = ({ output }: Outcome): Record<string, unknown> => JSON.parse(output.trimEnd().split("\n").at(-1)!);
const data = process.env.TENON_DATA;

test("the main job trains on cpu-js, and another program continues its step bit for bit", async () => {
  const outcome = await firstSteps(["--json", "--dataset", "digits", "--images", "6000"]); // 46 batches of 128 and one of 112
  expect(outcome.output).toContain("20 more steps by another program from step.tenon: losses equal bit for bit");
  expect(outcome.output).toMatch(/^epoch 3\/3 ━{30} loss 0\.\d{4} {2}accuracy \d\d\.\d % {2}[\d,]+ images\/s$/m);
  expect(summary(outcome)).toEqual({
    dataset: "digits",
    backend: "cpu-js",
    testAccuracy: expect.any(Number),
    imagesPerSecond: expect.any(Number),
    seconds: expect.any(Number),
  });
  expect(summary(outcome).testAccuracy).toBeGreaterThanOrEqual(0.85);
  expect(outcome.code).toBe(0);
}, 120_000);

test("it runs on the interpreter too, on fewer images, and too little accuracy is an exit code of 1", async () => {
  const outcome = await firstSteps(["--json", "--backend", "interpreter", "--images", "140", "--epochs", "1"]);
  expect(outcome.output).toContain("1 more steps by another program from step.tenon: losses equal bit for bit");
  expect(summary(outcome)).toMatchObject({ dataset: "digits", backend: "interpreter" });
  expect(outcome.output).toContain("The accuracy is below 50.0 %.");
  expect(outcome.code).toBe(1);
}, 120_000);

test.runIf(data !== undefined && existsSync(join(data, "mnist")))(
  "three epochs of MNIST give 97 %",
  async () => {
    const outcome = await firstSteps(["--json"], { TENON_DATA: data });
    expect(outcome.output).toContain("60000 + 10000 images of mnist");
    expect(summary(outcome)).toMatchObject({ dataset: "mnist" });
    expect(summary(outcome).testAccuracy).toBeGreaterThanOrEqual(0.965);
    expect(outcome.code).toBe(0);
  },
  120_000,
);

test("a wrong option, value or backend is one sentence and an exit code of 2", async () => {
  const [option, value, backend] = await Promise.all([
    firstSteps(["--epohs", "3"]),
    firstSteps(["--dataset", "mnits"]),
    firstSteps(["--backend", "nonsense"]),
  ]);
  expect([option.code, value.code, backend.code]).toEqual([2, 2, 2]);
  expect([option.errors, value.errors, backend.errors].join("")).toMatchInlineSnapshot(`
    "OptionError E801 first-steps: unknown option epohs.
      fix: did you mean epochs?
    OptionError E803 first-steps: dataset is mnits, which is not one of mnist, digits.
      fix: for example --dataset mnist.
    BackendError E501 backend: there is no backend "nonsense".
      registered: none
      fix: install it with: npm install @tenon/backend-nonsense.
    "
  `);
}, 60_000);

test("Ctrl-C ends the step at hand, says what was saved, and exits with 130", async () => {
  const outcome = await firstSteps(["--images", "2000", "--epochs", "1000"], {}, /epoch/);
  expect(outcome.output).toContain("Stopped. Nothing was saved.");
  expect(outcome.code).toBe(130);
}, 60_000);
