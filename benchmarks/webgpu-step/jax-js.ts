import { defaultDevice, init, jit, nn, numpy as np, valueAndGrad } from "@jax-js/jax";
import { ADAM, BATCH, CLASSES, type Job, matrixOf, PIXELS, type Side } from "./job.ts";

type Arrays = np.Array[];

/** jax-js on WebGPU: loss, gradients and Adam as one jitted function. */
export async function makeJaxJs({ parameters }: Job): Promise<Side> {
  await init("webgpu");
  defaultDevice("webgpu");

  const lossOf = (params: Arrays, images: np.Array, labels: np.Array): np.Array => {
    const [w1, b1, w2, b2, w3, b3] = params as [np.Array, np.Array, np.Array, np.Array, np.Array, np.Array];
    const affine = (x: np.Array, w: np.Array, b: np.Array): np.Array => np.dot(x, w).add(b);
    const hidden = nn.relu(affine(nn.relu(affine(images.div(255), w1, b1)), w2, b2));
    const logs = nn.logSoftmax(affine(hidden, w3, b3), -1);
    return logs.mul(nn.oneHot(labels, CLASSES)).sum(-1).mean().neg();
  };
  const { learningRate, beta1, beta2, eps } = ADAM;
  const train = jit((params: Arrays, means: Arrays, variances: Arrays, count: np.Array, x: np.Array, y: np.Array) => {
    const [loss, grads] = valueAndGrad(lossOf)(
      params.map((p) => p.ref),
      x,
      y,
    );
    const next = count.add(1);
    const scale = (beta: number): np.Array => np.subtract(1, np.power(beta, next.ref));
    const [meanScale, varianceScale] = [scale(beta1), scale(beta2)];
    const newMeans = means.map((m, i) => m.mul(beta1).add(grads[i]!.ref.mul(1 - beta1)));
    const newVariances = variances.map((v, i) => v.mul(beta2).add(np.square(grads[i]!).mul(1 - beta2)));
    const newParams = params.map((p, i) => {
      const update = newMeans[i]!.ref.div(meanScale.ref).div(
        np.sqrt(newVariances[i]!.ref.div(varianceScale.ref)).add(eps),
      );
      return p.sub(update.mul(learningRate));
    });
    meanScale.dispose();
    varianceScale.dispose();
    return { loss, params: newParams, means: newMeans, variances: newVariances, count: next };
  });

  const zeros = (): Arrays => parameters.map(({ shape }) => np.zeros([...shape]));
  let state = {
    params: parameters.map(({ shape, values }) => np.array(values).reshape([...shape])),
    means: zeros(),
    variances: zeros(),
    count: np.array(0, { dtype: np.float32 }),
  };
  return {
    async step({ images, labels }) {
      const { params, means, variances, count } = state;
      const x = np.array(images).reshape([BATCH, PIXELS]);
      const { loss, ...next } = train(params, means, variances, count, x, np.array(labels, { dtype: np.int32 }));
      state = next;
      return (await loss.data())[0]!;
    },
    product(n) {
      const [a, b] = [1, 2].map((seed) => np.array(matrixOf(n, seed)).reshape([n, n]));
      return () => np.dot(a!.ref, b!.ref).data();
    },
  };
}
