import "@tensorflow/tfjs-backend-webgpu";
import "@tensorflow/tfjs-core/dist/register_all_gradients.js";
import * as tf from "@tensorflow/tfjs-core";
import { ADAM, BATCH, CLASSES, type Job, matrixOf, PIXELS, type Side } from "./job.ts";

type Weight = tf.Variable<tf.Rank.R2>;
type Bias = tf.Variable;

/** TensorFlow.js on WebGPU, with its own Adam. */
export async function makeTensorFlow({ parameters }: Job): Promise<Side> {
  await tf.setBackend("webgpu");
  await tf.ready();
  const params = parameters.map(({ shape, values }) => tf.variable(tf.tensor(values, [...shape])));
  const [w1, b1, w2, b2, w3, b3] = params as [Weight, Bias, Weight, Bias, Weight, Bias];
  const { learningRate, beta1, beta2, eps } = ADAM;
  const optimizer = tf.train.adam(learningRate, beta1, beta2, eps);
  const affine = (x: tf.Tensor2D, w: Weight, b: Bias): tf.Tensor2D => tf.add(tf.matMul(x, w), b);
  const lossOf = (images: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar => {
    const hidden = tf.relu(affine(tf.relu(affine(tf.div(images, 255), w1, b1)), w2, b2));
    return tf.losses.softmaxCrossEntropy(tf.oneHot(labels, CLASSES), affine(hidden, w3, b3)) as tf.Scalar;
  };
  return {
    async step({ images, labels }) {
      const x = tf.tensor2d(images, [BATCH, PIXELS]);
      const y = tf.tensor1d(labels, "int32");
      const loss = optimizer.minimize(() => lossOf(x, y), true, params)!;
      const [value] = await loss.data();
      tf.dispose([x, y, loss]);
      return value!;
    },
    product(n) {
      const [a, b] = [1, 2].map((seed) => tf.tensor2d(matrixOf(n, seed), [n, n]));
      return async () => {
        const c = tf.matMul(a!, b!);
        const values = await c.data();
        c.dispose();
        return values;
      };
    },
  };
}
