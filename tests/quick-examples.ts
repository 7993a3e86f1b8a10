import { existsSync } from "node:fs";
import { join } from "node:path";
import { packagesIn, root } from "../scripts/workspace.mjs";

/** The folders of the examples that are programs. */
export const examples = packagesIn("examples").filter((folder) => existsSync(join(root, folder, "main.ts")));

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

export const quickOptions = (folder: string): readonly string[] => quick[folder] ?? [];
