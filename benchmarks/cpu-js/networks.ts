import {
  attention,
  conv,
  gelu,
  hostKey,
  hostUniform,
  layerNorm,
  matmul,
  maxPool,
  oneHot,
  pow,
  relu,
  softmaxCrossEntropy,
  sub,
  type Tensor,
  tensor,
  type Variable,
  variable,
  zeros,
} from "@tenon/tensor";
import { treeLeaves } from "@tenon/tree";

/** A model with what it is fed, and the floating-point operations of its products, forward. */
export interface Network {
  readonly params: readonly Variable[];
  readonly flop: number;
  /** Of `flop`, those of products by the input, whose gradient nobody wants. */
  readonly first: number;
  readonly inputs: readonly [Tensor, Tensor];
  logits(x: Tensor): Tensor;
}

const numbers = (shape: readonly number[], limit: number): Float32Array =>
  hostUniform(
    hostKey(shape.reduce((n, d) => 31 * n + d, 7)),
    shape.reduce((n, d) => n * d, 1),
    { low: -limit, high: limit },
  );
const uniform = (shape: readonly number[], limit = 1): Tensor => tensor(numbers(shape, limit), { shape });

const BATCH = 128;

/** Convolutions of 32, 64 and 64 channels over 28 × 28 pixels, two max pools between them, and a dense layer of 64. */
export function imageNetwork(): Network {
  const affine = (...shape: readonly number[]) => ({
    weight: variable(uniform(shape, Math.sqrt(6 / shape.slice(0, -1).reduce((n, d) => n * d)))),
    bias: variable(zeros([shape.at(-1)!])),
  });
  const params = {
    convs: [affine(3, 3, 1, 32), affine(3, 3, 32, 64), affine(3, 3, 64, 64)],
    dense: [affine(576, 64), affine(64, 10)],
  };
  const places = [26 * 26 * 9 * 32, 11 * 11 * 288 * 64, 3 * 3 * 576 * 64, 576 * 64, 640];
  return {
    params: treeLeaves(params) as Variable[],
    flop: 2 * BATCH * places.reduce((n, m) => n + m),
    first: 2 * BATCH * places[0]!,
    inputs: [
      uniform([BATCH, 28, 28, 1]),
      tensor(
        Int32Array.from({ length: BATCH }, (_, i) => i % 10),
        { shape: [BATCH] },
      ),
    ],
    logits(x) {
      let y = x;
      for (const [i, { weight, bias }] of params.convs.entries()) {
        y = relu(conv(y, weight.value).add(bias.value));
        if (i < 2) y = maxPool(y, { size: 2 });
      }
      y = y.reshape([BATCH, 576]);
      const [hidden, out] = params.dense.map(
        ({ weight, bias }) =>
          (z: Tensor) =>
            matmul(z, weight.value).add(bias.value),
      );
      return out!(relu(hidden!(y)));
    },
  };
}

const [SEQUENCES, TOKENS, WIDTH, HEADS, LAYERS, VOCABULARY] = [32, 64, 128, 4, 4, 65];

/** Four blocks of causal attention and a dense layer of four times the width, over sequences of 64 characters. */
export function textNetwork(): Network {
  const matrix = (rows: number, columns: number) => variable(uniform([rows, columns], Math.sqrt(3 / rows)));
  const params = {
    tokens: matrix(VOCABULARY, WIDTH),
    places: variable(uniform([TOKENS, WIDTH], 0.1)),
    layers: Array.from({ length: LAYERS }, () => ({
      qkv: matrix(WIDTH, 3 * WIDTH),
      out: matrix(WIDTH, WIDTH),
      up: matrix(WIDTH, 4 * WIDTH),
      down: matrix(4 * WIDTH, WIDTH),
    })),
    head: matrix(WIDTH, VOCABULARY),
  };
  const attended = (x: Tensor, qkv: Variable): Tensor => {
    const heads = matmul(x, qkv.value).reshape([SEQUENCES, TOKENS, 3, HEADS, WIDTH / HEADS]);
    const [q, k, v] = [0, 1, 2].map((i) =>
      heads
        .slice({ start: [0, 0, i, 0, 0], limit: [SEQUENCES, TOKENS, i + 1, HEADS, WIDTH / HEADS] })
        .reshape([SEQUENCES, TOKENS, HEADS, WIDTH / HEADS]),
    ) as [Tensor, Tensor, Tensor];
    return attention(q, k, v, { causal: true }).reshape([SEQUENCES, TOKENS, WIDTH]);
  };
  const rows = SEQUENCES * TOKENS;
  const flop = 2 * rows * (LAYERS * (12 * WIDTH * WIDTH + TOKENS * WIDTH) + WIDTH * VOCABULARY);
  const characters = Int32Array.from({ length: rows }, (_, i) => (i * i * 31 + 7 * i) % VOCABULARY);
  return {
    params: treeLeaves(params) as Variable[],
    flop,
    first: 0,
    inputs: [
      tensor(characters, { shape: [SEQUENCES, TOKENS] }),
      tensor(characters.toReversed(), { shape: [SEQUENCES, TOKENS] }),
    ],
    logits(x) {
      let y = matmul(oneHot(x, VOCABULARY), params.tokens.value).add(params.places.value);
      for (const { qkv, out, up, down } of params.layers) {
        y = y.add(matmul(attended(layerNorm(y), qkv), out.value));
        y = y.add(matmul(gelu(matmul(layerNorm(y), up.value)), down.value));
      }
      return matmul(layerNorm(y), params.head.value);
    },
  };
}

/** Adam's update of every parameter: Kingma & Ba 2015, arXiv:1412.6980, algorithm 1. */
export function adam(params: readonly Variable[]): (gradients: readonly Tensor[]) => void {
  const slots = params.map(({ shape }) => [variable(zeros(shape)), variable(zeros(shape))] as const);
  const count = variable(0, { dtype: "int32" });
  return (gradients) => {
    const step = count.value.add(1);
    count.assign(step);
    const [first, second] = [0.9, 0.999].map((beta) => sub(1, pow(beta, step))) as [Tensor, Tensor];
    for (const [i, p] of params.entries()) {
      const [[mean, variance], g] = [slots[i]!, gradients[i]!];
      mean.assign(mean.value.mul(0.9).add(g.mul(0.1)));
      variance.assign(variance.value.mul(0.999).add(g.mul(g).mul(0.001)));
      const update = mean.value.div(first).div(variance.value.div(second).sqrt().add(1e-8));
      p.assign(p.value.sub(update.mul(1e-3)));
    }
  };
}

export const lossOf = (network: Network, x: Tensor, labels: Tensor): Tensor =>
  softmaxCrossEntropy(network.logits(x), labels).mean();
