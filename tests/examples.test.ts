import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { packagesIn, root } from "../scripts/workspace.mjs";
import { resultsOf, runProgram } from "./programs.ts";

const programs = packagesIn("examples").filter((folder) => existsSync(join(root, folder, "main.ts")));

/** Options by which those that would take long are quick. */
const few = ["--dataset", "digits", "--images", "3000", "--epochs", "2"];
const fewer = ["--dataset", "digits", "--images", "800", "--epochs", "3", "--batch-size", "32"]; // convolutions take longer
const quick: Readonly<Record<string, readonly string[]>> = {
  "examples/mnist": few,
  "examples/mnist-mlp": few,
  "examples/mnist-mlp-128": few,
  "examples/mnist-cnn": fewer,
  "examples/mnist-cnn-small": fewer,
  "examples/fashion-cnn": fewer,
  "examples/autoencoder": ["--dataset", "digits", "--images", "800", "--batch-size", "8"],
  "examples/transfer-learning": ["--dataset", "digits", "--images", "1500"],
  "examples/augmentation": ["--dataset", "digits", "--images", "100", "--batch-size", "10"],
  "examples/pretrained-cnn": ["--images", "600"],
  "examples/char-gpt": [
    "--text",
    "verses",
    "--steps",
    "60",
    "--blocks",
    "2",
    "--width",
    "32",
    "--learning-rate",
    "0.01",
  ],
  "examples/sentiment-cnn": ["--text", "opinions", "--epochs", "3"],
  "examples/char-lstm": ["--text", "verses", "--steps", "60", "--units", "48", "--learning-rate", "0.01"],
  "examples/rnn-airline": ["--series", "made", "--epochs", "100"],
  "examples/swap-backend": ["--steps", "20"],
};

describe("it reaches what it is to show, and its last line is the result:", () => {
  test.each(programs)(
    "%s",
    async (folder) => {
      const outcome = await runProgram(`${folder}/main.ts`, [...(quick[folder] ?? []), "--json"]);
      expect(outcome.code, outcome.errors).toBe(0);
      expect(outcome.output).toMatch(/^✓ /m);
      expect(Object.keys(resultsOf(outcome)).length).toBeGreaterThan(0);
    },
    120_000,
  );
});

describe("a misspelt option is answered with the right one:", () => {
  test.each(programs)(
    "%s",
    async (folder) => {
      const outcome = await runProgram(`${folder}/main.ts`, ["--sede", "1"]);
      expect(outcome.errors).toContain("unknown option sede.\n  fix: did you mean seed?");
      expect(outcome.code).toBe(2);
    },
    60_000,
  );
});

test("the README lists every program", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const missing = programs.filter((folder) => !readme.includes(`(${folder})`));
  expect(missing).toEqual([]);
});
