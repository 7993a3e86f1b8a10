import { webgpu } from "@tenon/backend-webgpu";
import { hostKey, hostUniform, matmul, setBackend, spec, tensor, type Variable } from "@tenon/tensor";
import { treeLeaves } from "@tenon/tree";
import { adam, makeNetwork, makeStep } from "../main-job/network.ts";
import { ADAM, BATCH, CLASSES, type Job, matrixOf, PIXELS, type Side } from "./job.ts";

const BATCHES = 4;

/** This library, and the job for the others: its initial weights, and random images of random classes. */
export async function makeOurs(): Promise<{ readonly job: Job; readonly side: Side }> {
  await setBackend(webgpu());
  const network = makeNetwork(0);
  const step = makeStep(network, adam(network, ADAM), {
    images: spec([BATCH, PIXELS]),
    labels: spec([BATCH], "int32"),
  });
  const parameters: Job["parameters"][number][] = [];
  for (const { value } of treeLeaves(network) as Variable[])
    parameters.push({ shape: value.shape.map(Number), values: Float32Array.from(await value.data()) });
  const batches = Array.from({ length: BATCHES }, (_, i) => ({
    images: Float32Array.from(hostUniform(hostKey(2 * i), BATCH * PIXELS, { low: 0, high: 255 })),
    labels: Int32Array.from(hostUniform(hostKey(2 * i + 1), BATCH, { low: 0, high: CLASSES })),
  }));
  return {
    job: { parameters, batches },
    side: {
      async step({ images, labels }) {
        return (await step(tensor(images, { shape: [BATCH, PIXELS] }), tensor(labels))).item();
      },
      product(n) {
        const [a, b] = [1, 2].map((seed) => tensor(matrixOf(n, seed), { shape: [n, n] }));
        return () => matmul(a!, b!).data();
      },
    },
  };
}
