import {
  argmax,
  compile,
  hostKey,
  hostSplit,
  hostUniform,
  matmul,
  nameVariables,
  pow,
  relu,
  softmaxCrossEntropy,
  spec,
  sub,
  type Tensor,
  tensor,
  type Variable,
  valueAndGrad,
  variable,
  zeros,
} from "@tenon/tensor";
import { treeLeaves, treeMap } from "@tenon/tree";

interface Affine {
  readonly weight: Variable;
  readonly bias: Variable;
}

export interface Network {
  readonly first: Affine;
  readonly second: Affine;
  readonly out: Affine;
}

const HIDDEN = 256;

/** The Variables of 784-256-256-10: Glorot-uniform weights, biases of zero. */
export function makeNetwork(seed: number): Network {
  const keys = hostSplit(hostKey(seed), 3);
  const affine = (layer: number, inFeatures: number, outFeatures: number): Affine => {
    const limit = Math.sqrt(6 / (inFeatures + outFeatures));
    const weights = hostUniform(keys[layer]!, inFeatures * outFeatures, { low: -limit, high: limit });
    return {
      weight: variable(tensor(weights, { shape: [inFeatures, outFeatures] })),
      bias: variable(zeros([outFeatures])),
    };
  };
  const network = { first: affine(0, 784, HIDDEN), second: affine(1, HIDDEN, HIDDEN), out: affine(2, HIDDEN, 10) };
  nameVariables(network);
  return network;
}

/** One score per class. (B, 784) → (B, 10) */
function logitsOf({ first, second, out }: Network, images: Tensor): Tensor {
  const affine = (x: Tensor, { weight, bias }: Affine): Tensor => matmul(x, weight.value).add(bias.value);
  const x = images.cast("float32").div(255);
  return affine(relu(affine(relu(affine(x, first)), second)), out);
}

/** Adam: Kingma & Ba 2015, arXiv:1412.6980, algorithm 1. Its slots are Variables too. */
export function adam(
  params: Network | Readonly<Record<string, Variable>>,
  { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8 } = {},
): { apply(grads: unknown): void } {
  const slots = treeMap(
    (p: Variable) => ({
      mean: variable(zeros(p.shape), { role: "slot" }),
      variance: variable(zeros(p.shape), { role: "slot" }),
    }),
    params,
  );
  const count = variable(0, { role: "slot", name: "adam.step", dtype: "int32" });
  nameVariables(slots, "adam");
  return {
    apply(grads) {
      const step = count.value.add(1);
      count.assign(step);
      const meanScale = sub(1, pow(beta1, step)); // corrects for the start at zero
      const varianceScale = sub(1, pow(beta2, step));
      const gradients = treeLeaves(grads) as Tensor[];
      (treeLeaves(params) as Variable[]).forEach((p, i) => {
        const [mean, variance] = (treeLeaves(slots) as Variable[]).slice(2 * i, 2 * i + 2);
        const g = gradients[i]!;
        mean!.assign(mean!.value.mul(beta1).add(g.mul(1 - beta1)));
        variance!.assign(variance!.value.mul(beta2).add(g.mul(g).mul(1 - beta2)));
        const update = mean!.value.div(meanScale).div(variance!.value.div(varianceScale).sqrt().add(eps));
        p.assign(p.value.sub(update.mul(learningRate)));
      });
    },
  };
}

const images = spec(["B", 784], "uint8");
const labels = spec(["B"], "int32");

/** One training step as one compiled program: loss, gradients and update. Arguments may be of other types. */
export function makeStep(network: Network, optimizer: ReturnType<typeof adam>, types = { images, labels }) {
  return compile(
    (x: Tensor, y: Tensor) => {
      const [loss, grads] = valueAndGrad(() => softmaxCrossEntropy(logitsOf(network, x), y).mean(), network);
      optimizer.apply(grads);
      return loss;
    },
    { inputs: [types.images, types.labels], name: "train_step" },
  );
}

/** The most likely class of each image. */
export function makePredict(network: Network) {
  return compile((x: Tensor) => argmax(logitsOf(network, x), { axis: -1 }), { inputs: [images], name: "predict" });
}
