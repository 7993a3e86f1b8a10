/**
 * The simplest thing that learns: one neuron that tells two heaps of points apart. Tensors only, gradients by hand.
 *
 * npm run example -- perceptron-from-scratch [--steps N] [--learning-rate X] [--seed N] [--backend ID] [--json]
 */
import { blobs } from "@tenon/datasets";
import { compile, matmul, spec, sub, type Tensor, variable, zeros } from "@tenon/tensor";
import { start } from "../shared/start.ts";

const WANTED = 0.95; // of unseen points; a few lie on the other heap's side

const { steps, learningRate, seed, check } = await start("perceptron-from-scratch", { steps: 100, learningRate: 0.5 });

// x is where the points lie, (count, 2), and y which heap each belongs to, 0 or 1, (count, 1).
const points = blobs({ classes: 2, count: 500, noise: 0.4, seed }).map(({ x, y }) => ({ x, y: y.reshape([1]) }));
const [train, test] = points.split([0.8, 0.2], seed);

// What is learned: a weight for each coordinate, and a bias. A Variable is a tensor that can be assigned.
const weight = variable(zeros([2, 1]), { name: "weight" });
const bias = variable(zeros([1]), { name: "bias" });

/** The probability that a point belongs to heap 1: p = σ(x·w + b). (B, 2) → (B, 1) */
const probability = (x: Tensor): Tensor => matmul(x, weight.value).add(bias.value).sigmoid();

// One step downhill. `compile` makes one program of it for any number B of points.
const step = compile(
  (x: Tensor, y: Tensor) => {
    const p = probability(x);

    // How wrong it is: the mean of −log of the probability that was given to the right heap.
    const loss = y
      .mul(p.log())
      .add(sub(1, y).mul(sub(1, p).log()))
      .neg()
      .mean();

    // The derivative of that loss by x·w + b is just p − y, for each point. By the chain rule
    // dL/dw = xᵀ·(p − y) / B and dL/db is the mean of p − y.
    const error = p.sub(y);
    const weightGradient = x.transpose().matmul(error).div(x.shape[0]!);
    const biasGradient = error.mean({ axis: 0 });

    weight.assign(weight.value.sub(weightGradient.mul(learningRate)));
    bias.assign(bias.value.sub(biasGradient.mul(learningRate)));
    return loss;
  },
  { inputs: [spec(["B", 2]), spec(["B", 1])] },
);

const { x, y } = train.map(({ x, y }) => ({ x, y: y.cast("float32") })).tensors();
let loss = Number.NaN;
for (let i = 1; i <= steps; i++) {
  loss = await (await step(x, y)).item();
  if (i === 1 || i % 20 === 0) console.log(`step ${i}: loss ${loss.toFixed(4)}`);
}

// Outside of `compile` tensors are computed when they are read.
const predicted = await probability(test.x.tensor()).data();
const accuracy = test.y.data.filter((heap, i) => heap === (predicted[i]! > 0.5 ? 1 : 0)).length / test.size;
const [w0, w1] = await weight.value.data();
console.log(
  `heap 1 is where ${w0!.toFixed(2)}·x₀ + ${w1!.toFixed(2)}·x₁ + ${(await bias.value.item()).toFixed(2)} > 0`,
);
console.log(`accuracy ${(100 * accuracy).toFixed(1)} % of ${test.size} points that it has not seen`);
check(accuracy >= WANTED, `at least ${100 * WANTED} % are right`, { accuracy, loss });
