import {
  attention,
  conv,
  embedding,
  gelu,
  layerNorm,
  lstmCell,
  matmul,
  maxPool,
  relu,
  scan,
  type Tensor,
  type Variable,
  variable,
  zeros,
} from "@tenon/tensor";
import { noise, wholeNoise } from "./noise.ts";

/** A model with what it is fed. `cuda/peers.py` has the same models, and takes the parameters by their order. */
export interface Network {
  readonly params: Readonly<Record<string, Variable>>;
  readonly inputs: readonly [Tensor, Tensor];
  /** Floating-point operations of its products, forward. */
  readonly flop: number;
  /** Of `flop`, those of products by the input, whose gradient nobody wants. */
  readonly first: number;
  logits(x: Tensor): Tensor;
}

/** Those of a training step: each product has two for its factors' gradients. */
export const trainingFlop = ({ flop, first }: Network): number => 3 * flop - first;

/** Uniform weights whose limit is that of Glorot & Bengio 2010, eq. 16. */
function weight(seed: number, ...shape: readonly number[]): Variable {
  const [field, fanIn, fanOut] = [shape.slice(0, -2).reduce((n, d) => n * d, 1), shape.at(-2)!, shape.at(-1)!];
  return variable(noise(shape, seed, Math.sqrt(6 / (field * (fanIn + fanOut)))));
}

const bias = (n: number): Variable => variable(zeros([n]));
const affine = (x: Tensor, w: Variable, b: Variable): Tensor => matmul(x, w.value).add(b.value);

const CLASSES = 10;

export interface MlpSizes {
  readonly batch: number;
  readonly features: number;
  readonly hidden: number;
}

/** Two hidden layers. */
export function mlp({ batch, features, hidden }: MlpSizes): Network {
  const p = {
    w1: weight(1, features, hidden),
    b1: bias(hidden),
    w2: weight(2, hidden, hidden),
    b2: bias(hidden),
    w3: weight(3, hidden, CLASSES),
    b3: bias(CLASSES),
  };
  return {
    params: p,
    inputs: [noise([batch, features], 4), wholeNoise([batch], 5, CLASSES)],
    flop: 2 * batch * (features * hidden + hidden * hidden + hidden * CLASSES),
    first: 2 * batch * features * hidden,
    logits: (x) => affine(relu(affine(relu(affine(x, p.w1, p.b1)), p.w2, p.b2)), p.w3, p.b3),
  };
}

export interface CnnSizes {
  readonly batch: number;
  readonly side: number;
  readonly channels: readonly [number, number, number];
  readonly dense: number;
}

export const usualCnn: CnnSizes = { batch: 128, side: 28, channels: [32, 64, 64], dense: 64 };

/** Three convolutions of 3 × 3, two max pools between them, a dense layer. */
export function cnn({ batch, side, channels: [c1, c2, c3], dense }: CnnSizes): Network {
  const sides = [side - 2, 0, 0];
  sides[1] = Math.floor(sides[0]! / 2) - 2;
  sides[2] = Math.floor(sides[1]! / 2) - 2;
  const flat = sides[2]! ** 2 * c3;
  const p = {
    k1: weight(1, 3, 3, 1, c1),
    b1: bias(c1),
    k2: weight(2, 3, 3, c1, c2),
    b2: bias(c2),
    k3: weight(3, 3, 3, c2, c3),
    b3: bias(c3),
    w1: weight(4, flat, dense),
    b4: bias(dense),
    w2: weight(5, dense, CLASSES),
    b5: bias(CLASSES),
  };
  const first = sides[0]! ** 2 * 9 * c1;
  const others = sides[1]! ** 2 * 9 * c1 * c2 + sides[2]! ** 2 * 9 * c2 * c3 + flat * dense + dense * CLASSES;
  return {
    params: p,
    inputs: [noise([batch, side, side, 1], 6), wholeNoise([batch], 7, CLASSES)],
    flop: 2 * batch * (first + others),
    first: 2 * batch * first,
    logits(x) {
      const layer = (y: Tensor, k: Variable, b: Variable): Tensor => relu(conv(y, k.value).add(b.value));
      const first = maxPool(layer(x, p.k1, p.b1), { size: 2 });
      const last = layer(maxPool(layer(first, p.k2, p.b2), { size: 2 }), p.k3, p.b3);
      return affine(relu(affine(last.reshape([x.shape[0]!, flat]), p.w1, p.b4)), p.w2, p.b5);
    },
  };
}

export interface LstmSizes {
  readonly batch: number;
  readonly steps: number;
  readonly characters: number;
  readonly features: number;
  readonly units: number;
}

/** An embedding, one LSTM and a dense layer: a score per character and step. (T, B) → (T, B, characters) */
export function lstm({ batch, steps, characters, features, units }: LstmSizes): Network {
  const p = {
    table: weight(1, characters, features),
    kernel: weight(2, features, 4 * units),
    recurrent: weight(3, units, 4 * units),
    bias: bias(4 * units),
    out: weight(4, units, characters),
    outBias: bias(characters),
  };
  return {
    params: p,
    inputs: [wholeNoise([steps, batch], 5, characters), wholeNoise([steps, batch], 6, characters)],
    flop: 2 * batch * steps * (4 * units * (features + units) + units * characters),
    first: 0,
    logits(text) {
      const z = affine(embedding(p.table.value, text), p.kernel, p.bias);
      const start = zeros([batch, units]);
      const [, states] = scan(
        ([h, c]: readonly Tensor[], z: Tensor): [Tensor[], Tensor] => {
          const state = lstmCell(z, h!, c!, p.recurrent.value);
          return [state, state[0]];
        },
        [start, start],
        z,
      );
      return affine(states, p.out, p.outBias);
    },
  };
}

export interface TransformerSizes {
  readonly batch: number;
  readonly tokens: number;
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
  readonly characters: number;
}

export const usualTransformer: TransformerSizes = {
  ...{ batch: 32, tokens: 64, width: 128, heads: 4, layers: 4, characters: 65 },
};

/** Blocks of causal attention and a dense layer of four times the width, each behind a normalisation without parameters. */
export function transformer({ batch, tokens, width, heads, layers, characters }: TransformerSizes): Network {
  const params: Record<string, Variable> = {
    table: weight(1, characters, width),
    places: weight(2, tokens, width),
    head: weight(3, width, characters),
  };
  for (let i = 0; i < layers; i++) {
    params[`qkv${i}`] = weight(4 + 4 * i, width, 3 * width);
    params[`out${i}`] = weight(5 + 4 * i, width, width);
    params[`up${i}`] = weight(6 + 4 * i, width, 4 * width);
    params[`down${i}`] = weight(7 + 4 * i, 4 * width, width);
  }
  const times = (x: Tensor, name: string): Tensor => matmul(x, params[name]!.value);
  const attended = (x: Tensor, i: number): Tensor => {
    const all = times(x, `qkv${i}`).reshape([batch, tokens, 3, heads, width / heads]);
    const [q, k, v] = [0, 1, 2].map((n) =>
      all
        .slice({ start: [0, 0, n, 0, 0], limit: [batch, tokens, n + 1, heads, width / heads] })
        .reshape([batch, tokens, heads, width / heads]),
    ) as [Tensor, Tensor, Tensor];
    return attention(q, k, v, { causal: true }).reshape([batch, tokens, width]);
  };
  return {
    params,
    inputs: [wholeNoise([batch, tokens], 100, characters), wholeNoise([batch, tokens], 101, characters)],
    flop: 2 * batch * tokens * (layers * (12 * width * width + tokens * width) + width * characters),
    first: 0,
    logits(x) {
      let y = embedding(params.table!.value, x).add(params.places!.value);
      for (let i = 0; i < layers; i++) {
        y = y.add(times(attended(layerNorm(y), i), `out${i}`));
        y = y.add(times(gelu(times(layerNorm(y), `up${i}`)), `down${i}`));
      }
      return times(layerNorm(y), "head");
    },
  };
}
