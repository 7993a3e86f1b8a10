/**
 * What an NVIDIA GPU does by cuda-native, beside PyTorch on the same one, eager and compiled, in one run: products, convolution,
 * softmax, normalisation, attention, AdamW of many tensors, training steps, and MNIST (of TENON_DATA) until 99 % are right. RESULTS-CUDA.json
 * and the page RESULTS-CUDA.md are written beside this file, after each job; with `--only` those of other jobs are kept.
 *
 * npm run bench:cuda -- [--device N] [--rounds N] [--only NAME …] [--python PROGRAM] [--alone] [--out FOLDER]
 *
 * PyTorch is that of `--python`, or python3; without one our figures are printed alone. Exits with 3 where no GPU answers,
 * and with 1 where a job failed, which does not keep the others from being measured.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { cudaNative } from "@tenon/backend-cuda-native";
import { bench, write, written } from "./cuda/bench.ts";

const number = { type: "string", default: "0" } as const;

/** Measures what the command line wants; gives the exit status. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      device: number,
      rounds: { ...number, default: "7" },
      only: { type: "string", multiple: true },
      python: { type: "string", default: "python3" },
      alone: { type: "boolean", default: false },
      out: { type: "string", default: fileURLToPath(new URL(".", import.meta.url)) },
      tiny: { type: "boolean", default: false },
    },
  });
  const { only, tiny, out, alone, python, device } = values;
  const open = () => cudaNative({ device: Number(device) });
  const why = await open().whyNot?.();
  if (typeof why === "string") {
    console.error(`\n*** No NVIDIA GPU answers: ${why}. NOTHING was measured. ***\n`);
    return 3;
  }
  const { failed } = await bench({
    ...{ open, only, tiny, rounds: Number(values.rounds), roundMs: tiny ? 1 : 100, log: console.log },
    ...(!alone && { peer: { python, device: `cuda:${device}` } }),
    ...(only !== undefined && { before: written(out) }),
    save: (findings) => write(findings, out),
  });
  console.log(`written: ${out}`);
  const problems = Object.keys(failed);
  if (problems.length > 0) console.error(`*** ${problems.length} FAILED: ${problems.join("; ")} ***`);
  return problems.length > 0 ? 1 : 0;
}

process.exitCode = await main().catch((error: Error) => {
  console.error(`*** ${error.message} ***`);
  return 1;
});
