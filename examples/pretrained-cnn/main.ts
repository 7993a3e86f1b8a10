/**
 * Weights that were trained elsewhere, by PyTorch and Burn, at work here: a network for handwritten digits gets them from a
 * safetensors file. There, channels come before places; here, after them.
 *
 * npm run example -- pretrained-cnn [--images N] [--epochs N] [--seed N] [--backend ID] [--json]
 *
 * The file is looked for in $TENON_DATA/weights-mnist-cnn. Without it a network is trained for a moment, written to a file as
 * PyTorch would, and read from it.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { argmax, key, spec } from "@tenon/tensor";
import { Trainer } from "@tenon/train";
import { loadImages, percent } from "../shared/images.ts";
import { refuse, start } from "../shared/start.ts";
import { readWeights } from "../shared/weights.ts";
import { assignWeights, Net, statedict } from "./net.ts";

const FILE = "pretrained-cnn.safetensors"; // in the working directory
const STATED = 0.9917; // of the 10,000 digits for testing, as the file's makers count

const { images, epochs, seed, check } = await start("pretrained-cnn", { images: 60_000, epochs: 1 });
const path = join(process.env.TENON_DATA ?? "", "weights-mnist-cnn", "mnist.safetensors");
const given = await readFile(path).catch(() => undefined);
const { dataset, train, test } = await loadImages(given === undefined ? "digits" : undefined, images).catch(refuse);

const build = () => new Net().build({ key: key(seed), inputs: spec(["B", 28, 28]) });
const model = build();
if (given !== undefined && dataset === "mnist") {
  assignWeights(model, readWeights(given));
  const right = await countRight(model);
  const accuracy = right / test.size;
  console.log(`${right} of ${test.size} digits are right, without any training here`);
  const equal = accuracy.toFixed(4) === STATED.toFixed(4);
  check(equal, `${percent(STATED)} are right, as stated`, { dataset, accuracy, right, wanted: STATED });
} else {
  console.log("There is no weights-mnist-cnn in TENON_DATA, or no MNIST, so a network is trained for a moment.");
  const trainer = new Trainer({ model, loss: "sparseCategoricalCrossEntropy", metrics: ["accuracy"], seed });
  await trainer.fit(train, { epochs, batchSize: 32 });
  await writeFile(FILE, await statedict(model));
  const again = build();
  assignWeights(again, readWeights(await readFile(FILE)));
  const [before, after] = [await countRight(model), await countRight(again)];
  console.log(`${before} of ${test.size} digits are right, and ${after} with the weights from ${FILE}`);
  const results = { dataset, accuracy: after / test.size, right: after };
  check(before === after, "with the weights from the file as many are right", results);
}

async function countRight(net: Net): Promise<number> {
  let right = 0;
  for (const batch of test.batches(250)) {
    const { x, y } = batch.tensors();
    right += Number(await argmax(net.call(x), { axis: -1 }).equal(y).cast("int32").sum().item());
  }
  return right;
}
