/**
 * Goes on with a training step that another program saved: reads `step.tenon` and raw batches from a folder, and
 * prints the loss of each step as a JSON list. It knows nothing of layers, losses or optimizers.
 *
 * node main.ts FOLDER BATCH_SIZE [BACKEND]
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadStep, tensor } from "@tenon/tensor";

const [folder, size = "128", backend = "cpu-js"] = process.argv.slice(2);
if (folder === undefined) {
  console.error(
    "usage: continue-step FOLDER BATCH_SIZE [BACKEND]\nThe folder holds step.tenon, images.bin and labels.bin; first-steps makes one and starts this program.",
  );
  process.exit(2);
}
const batchSize = Number(size);
const step = await loadStep(await readFile(join(folder, "step.tenon")), { backend });
const images = await readFile(join(folder, "images.bin"));
const labels = await readFile(join(folder, "labels.bin"));
const pixels = images.length / labels.length;

const losses: number[] = [];
for (let from = 0; from < labels.length; from += batchSize) {
  const x = tensor(new Uint8Array(images.subarray(from * pixels, (from + batchSize) * pixels)), {
    shape: [batchSize, pixels],
  });
  const y = tensor(new Uint8Array(labels.subarray(from, from + batchSize)), { dtype: "int32" });
  losses.push(await (await step(x, y)).item());
}
console.log(JSON.stringify(losses));
