/**
 * What an NVIDIA GPU does by cuda-native, beside PyTorch on the same one, eager and compiled, in one run: products, convolution,
 * softmax, normalisation, attention, AdamW of many tensors, training steps, and MNIST until 99 % are right. RESULTS-CUDA.json and
 * the page RESULTS-CUDA.md are written beside this file.
 *
 * npm run bench:cuda -- [--device N] [--rounds N] [--only NAME …] [--python PROGRAM] [--alone] [--out FOLDER]
 *
 * PyTorch is that of `--python`, or python3; without one our figures are printed alone. Exits with 3 where no GPU answers.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { cudaNative } from "@tenon/backend-cuda-native";
import { bench, write } from "./cuda/bench.ts";

const { values } = parseArgs({
  options: {
    device: { type: "string", default: "0" },
    rounds: { type: "string", default: "7" },
    only: { type: "string", multiple: true },
    python: { type: "string", default: "python3" },
    alone: { type: "boolean", default: false },
    out: { type: "string", default: fileURLToPath(new URL(".", import.meta.url)) },
    tiny: { type: "boolean", default: false },
  },
});

const backend = cudaNative({ device: Number(values.device) });
const why = await backend.whyNot?.();
if (typeof why === "string") {
  console.error(`\n*** No NVIDIA GPU answers: ${why}. NOTHING was measured. ***\n`);
  process.exit(3);
}
const { only, tiny, out, alone, python, device } = values;
const findings = await bench({
  ...{ backend, only, tiny, rounds: Number(values.rounds), roundMs: tiny ? 1 : 100, log: console.log },
  ...(!alone && { peer: { python, device: `cuda:${device}` } }),
});
write(findings, out);
console.log(`written: ${out}`);
