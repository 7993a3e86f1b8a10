import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LabelledImages } from "@tenon/datasets";
import { adam } from "@tenon/optimizers";
import {
  argmax,
  compile,
  hostFoldIn,
  hostKey,
  hostPermutation,
  softmaxCrossEntropy,
  type Tensor,
  take,
  tensor,
  valueAndGrad,
} from "@tenon/tensor";
import { type CnnSizes, cnn } from "../shared/networks.ts";
import { writeParams } from "./jobs.ts";
import type { Peer } from "./peer.ts";

/** A training until so much of the test set is right, or so many epochs are over. */
export interface Race {
  readonly sizes: CnnSizes;
  readonly accuracy: number;
  readonly epochs: number;
}

export interface Finish {
  readonly seconds: number;
  readonly accuracy: number;
  readonly epochs: number;
}

const imagesOf = ({ images, labels }: LabelledImages): Tensor =>
  tensor(images as Uint8Array, { shape: [labels.length, 28, 28, 1], dtype: "uint8" });

/** Our side: pictures stay on the device, and a step is told which ones it learns from. With what the peer starts from in `folder`. */
export async function race(
  { sizes, accuracy: wanted, epochs: most }: Race,
  train: LabelledImages,
  test: LabelledImages,
  folder: string,
): Promise<Finish> {
  const { params, logits } = cnn(sizes);
  await writeParams(folder, params);
  for (const [name, { images, labels }] of Object.entries({ train, test })) {
    writeFileSync(join(folder, `${name}.x`), images);
    writeFileSync(join(folder, `${name}.y`), labels);
  }
  const [x, tests] = [imagesOf(train), imagesOf(test)];
  const y = tensor(Int32Array.from(train.labels));
  const optimizer = adam({ learningRate: 1e-3 }).bind(params);
  const pixels = (images: Tensor): Tensor => images.cast("float32").div(255);
  const step = compile(
    (rows: Tensor) => {
      const loss = (): Tensor =>
        softmaxCrossEntropy(logits(pixels(take(x, rows, { axis: 0 }))), take(y, rows, { axis: 0 })).mean();
      const [value, grads] = valueAndGrad(loss, params);
      optimizer.apply(grads);
      return value;
    },
    { precision: "tf32" },
  );
  const guess = compile((images: Tensor) => argmax(logits(pixels(images)), { axis: -1 }), { precision: "tf32" });
  const { batch } = sizes;
  const start = performance.now();
  let [accuracy, epochs] = [0, 0];
  while (accuracy < wanted && epochs < most) {
    const order = Int32Array.from(hostPermutation(hostFoldIn(hostKey(0), epochs), train.labels.length));
    for (let from = 0; from + batch <= order.length; from += batch)
      (await step(tensor(order.subarray(from, from + batch)))).dispose();
    const guesses = await (await guess(tests)).data();
    accuracy = test.labels.reduce((n, label, i) => n + (Number(guesses[i]) === label ? 1 : 0), 0) / test.labels.length;
    epochs++;
  }
  return { seconds: (performance.now() - start) / 1000, accuracy, epochs };
}

/** The peer's side, from the same weights and pictures. */
export const raceOf = async (peer: Peer, mode: string, { sizes, ...wanted }: Race, folder: string): Promise<Finish> =>
  (await peer.ask({ mnist: true, mode, folder, batch: sizes.batch, ...wanted })) as unknown as Finish;
