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
  readonly hidden: Affine;
  readonly out: Affine;
}

/** The Variables of 784-32-10: Glorot-uniform weights, biases of zero. */
export function makeNetwork(seed: number): Network {
  const [first, second] = hostSplit(hostKey(seed), 2);
  const affine = (key: typeof first, inFeatures: number, outFeatures: number): Affine => {
    const limit = Math.sqrt(6 / (inFeatures + outFeatures));
    const weights = hostUniform(key!, inFeatures * outFeatures, { low: -limit, high: limit });
    return {
      weight: variable(tensor(weights, { shape: [inFeatures, outFeatures] })),
      bias: variable(zeros([outFeatures])),
    };
  };
  const network = { hidden: affine(first, 784, 32), out: affine(second, 32, 10) };
  nameVariables(network);
  return network;
}

/** One score per class. (B, 784) → (B, 10) */
function logitsOf({ hidden, out }: Network, images: Tensor): Tensor {
  const x = images.cast("float32").div(255);
  const h = relu(matmul(x, hidden.weight.value).add(hidden.bias.value));
  return matmul(h, out.weight.value).add(out.bias.value);
}

/** Adam: Kingma & Ba 2015, arXiv:1412.6980, algorithm 1. Its slots are Variables too. */
export function adam(
  params: Network,
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

/** One training step as one compiled program: loss, gradients and update. */
export function makeStep(network: Network, optimizer: ReturnType<typeof adam>) {
  return compile(
    (x: Tensor, labels: Tensor) => {
      const [loss, grads] = valueAndGrad(() => softmaxCrossEntropy(logitsOf(network, x), labels).mean(), network);
      optimizer.apply(grads);
      return loss;
    },
    { inputs: [images, spec(["B"], "int32")], name: "train_step" },
  );
}

/** The most likely class of each image. */
export function makePredict(network: Network) {
  return compile((x: Tensor) => argmax(logitsOf(network, x), { axis: -1 }), { inputs: [images], name: "predict" });
}
