/**
 * Exclusive or, which one neuron cannot learn and two layers can. Tensors only, backpropagation by hand.
 *
 * npm run example -- xor-from-scratch [--steps N] [--learning-rate X] [--hidden N] [--seed N] [--backend ID] [--json]
 */
import { xor } from "@tenon/datasets";
import { compile, hostKey, hostUniform, matmul, sub, type Tensor, tensor, variable, zeros } from "@tenon/tensor";
import { start } from "../shared/start.ts";

const options = { steps: 1000, learningRate: 0.5, hidden: 8 };
const { steps, learningRate, hidden, seed, check } = await start("xor-from-scratch", options);

const { x, y } = xor().tensors(); // (4, 2) and (4, 1)

// Were all first weights equal, all hidden neurons would learn the same. So they start at random.
const random = hostUniform(hostKey(seed), 3 * hidden, { low: -1, high: 1 });
const w1 = variable(tensor(random.subarray(0, 2 * hidden), { shape: [2, hidden] }), { name: "w1" });
const b1 = variable(zeros([hidden]), { name: "b1" });
const w2 = variable(tensor(random.subarray(2 * hidden), { shape: [hidden, 1] }), { name: "w2" });
const b2 = variable(zeros([1]), { name: "b2" });

/** Forward: h = tanh(x·W₁ + b₁), then p = σ(h·W₂ + b₂), the probability that the answer is 1. (4, 2) → (4, hidden), (4, 1) */
function forward(x: Tensor): { h: Tensor; p: Tensor } {
  const h = matmul(x, w1.value).add(b1.value).tanh();
  return { h, p: matmul(h, w2.value).add(b2.value).sigmoid() };
}

const step = compile((x: Tensor, y: Tensor) => {
  const { h, p } = forward(x);
  const loss = y
    .mul(p.log())
    .add(sub(1, y).mul(sub(1, p).log()))
    .neg()
    .mean();

  // Backward, from the loss to the first layer: each line has the derivative of the loss by what it is named after.
  const dz2 = p.sub(y).div(4); // by h·W₂ + b₂, since the loss is the mean of four cross-entropies of a σ
  const dw2 = matmul(h.transpose(), dz2);
  const dh = matmul(dz2, w2.value.transpose()); // what the second layer passes back
  const dz1 = dh.mul(sub(1, h.square())); // by x·W₁ + b₁, since tanh′ = 1 − tanh²
  const dw1 = matmul(x.transpose(), dz1);

  // Downhill. A bias is added to every row, so its derivative is the sum over the rows.
  w2.assign(w2.value.sub(dw2.mul(learningRate)));
  b2.assign(b2.value.sub(dz2.sum({ axis: 0 }).mul(learningRate)));
  w1.assign(w1.value.sub(dw1.mul(learningRate)));
  b1.assign(b1.value.sub(dz1.sum({ axis: 0 }).mul(learningRate)));
  return loss;
});

let loss = Number.NaN;
for (let i = 1; i <= steps; i++) {
  loss = await (await step(x, y)).item();
  if (i === 1 || i % 200 === 0) console.log(`step ${i}: loss ${loss.toFixed(4)}`);
}

const [inputs, answers, guesses] = [await x.data(), await y.data(), await forward(x).p.data()];
let right = 0;
answers.forEach((answer, i) => {
  const guess = guesses[i]!;
  if (Math.round(guess) === answer) right++;
  console.log(`${inputs[2 * i]} xor ${inputs[2 * i + 1]} is ${answer}, and ${guess.toFixed(3)} is the answer`);
});
check(right === 4, "all four answers are right", { accuracy: right / 4, loss });
