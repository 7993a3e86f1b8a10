import {
  type Dim,
  type Elements,
  embedding,
  gelu,
  greater,
  iota,
  layerNorm,
  matmul,
  relu,
  scan,
  sigmoid,
  softmax,
  softmaxCrossEntropy,
  splat,
  sub,
  type Tensor,
  type TensorType,
  tanh,
  where,
  windows,
} from "@tenon/ir";
import { Draw } from "./draw.ts";

/** A network, its loss, and data that it can learn. */
export interface TrainingProgram {
  readonly name: string;
  /** By the names that `loss` knows them under: shapes, and where not every value is drawn, the one that all begin with. */
  readonly parameters: Readonly<Record<string, { readonly shape: readonly number[]; readonly start?: number }>>;
  /** Types of a batch of `B` examples. */
  readonly batch: (B: Dim) => readonly TensorType[];
  /** A batch: `task` says what is to be learnt and is the same for every batch, `draw` goes on. */
  readonly examples: (size: number, task: Draw, draw: Draw) => readonly (readonly number[])[];
  readonly loss: (params: Readonly<Record<string, Tensor>>, batch: readonly Tensor[]) => Tensor;
  /** Whether each update is an op of a third party, with its decomposition inside. */
  readonly foreign?: boolean;
}

const weights = (...shape: number[]) => ({ shape });
const filled = (start: number, ...shape: number[]) => ({ shape, start });
const int32 = (...shape: Dim[]): TensorType => ({ dtype: "int32", shape });

const CLASSES = 10;
const LETTERS = 11;
const LENGTH = 8; // letters of a text
const WIDTH = 16; // of the transformer and the recurrent network
const HEADS = 2;

/** Pictures of `side` × `side` bytes, a picture for each class and noise; one label in eight is any, so that no loss nears 0. */
function pictures(side: number): Pick<TrainingProgram, "batch" | "examples"> {
  return {
    batch: (B) => [{ dtype: "uint8", shape: [B, side * side] }, int32(B)],
    examples(size, task, draw) {
      const originals = Array.from({ length: CLASSES * side * side }, () => task.integer(0, 160));
      const classes = Array.from({ length: size }, () => draw.integer(0, CLASSES - 1));
      const pixels = classes.flatMap((c) =>
        originals.slice(c * side * side, (c + 1) * side * side).map((byte) => byte + draw.integer(0, 95)),
      );
      return [pixels, classes.map((c) => (draw.chance(1 / 8) ? draw.integer(0, CLASSES - 1) : c))];
    },
  };
}

/** Texts in which a letter follows from the two before it, but for one in eight; and the letters that come next. */
const texts: Pick<TrainingProgram, "batch" | "examples"> = {
  batch: (B) => [int32(B, LENGTH), int32(B, LENGTH)],
  examples(size, task, draw) {
    const next = Array.from({ length: LETTERS ** 2 }, () => task.integer(0, LETTERS - 1));
    const lines = Array.from({ length: size }, () => {
      const line = [draw.integer(0, LETTERS - 1), draw.integer(0, LETTERS - 1)];
      while (line.length <= LENGTH)
        line.push(draw.chance(1 / 8) ? draw.integer(0, LETTERS - 1) : next[line.at(-1)! * LETTERS + line.at(-2)!]!);
      return line;
    });
    return [lines.flatMap((line) => line.slice(0, -1)), lines.flatMap((line) => line.slice(1))];
  },
};

/** Nets of the kinds that users train, small enough for the reference. */
export const trainingPrograms: readonly TrainingProgram[] = [
  {
    name: "a network of three layers",
    parameters: {
      ...{ w1: weights(64, 24), b1: filled(0, 24), w2: weights(24, 24), b2: filled(0, 24) },
      ...{ w3: weights(24, CLASSES), b3: filled(0, CLASSES) },
    },
    ...pictures(8),
    loss({ w1, b1, w2, b2, w3, b3 }, [images, labels]) {
      const x = images!.cast("float32").div(255);
      const h = relu(matmul(relu(matmul(x, w1!).add(b1!)), w2!).add(b2!));
      return softmaxCrossEntropy(matmul(h, w3!).add(b3!), labels!).mean();
    },
  },
  {
    name: "a convolutional network",
    parameters: { kernel: weights(9, 6), b1: filled(0, 6), w: weights(96, CLASSES), b2: filled(0, CLASSES) },
    ...pictures(8),
    loss({ kernel, b1, w, b2 }, [images, labels]) {
      const B = images!.shape[0]!;
      const x = images!
        .cast("float32")
        .div(255)
        .reshape([B, 8, 8])
        .pad({ lo: [0, 1, 1], hi: [0, 1, 1] });
      const patches = windows(x, { axes: [1, 2], size: 3 }).reshape([B, 8, 8, 9]);
      const h = relu(matmul(patches, kernel!).add(b1!)); // (B, 8, 8, 6)
      const pooled = h.reshape([B, 4, 2, 4, 2, 6]).max({ axis: [2, 4] });
      return softmaxCrossEntropy(matmul(pooled.reshape([B, 96]), w!).add(b2!), labels!).mean();
    },
  },
  {
    name: "a gated recurrent network",
    parameters: {
      ...{ letters: weights(LETTERS, WIDTH), out: weights(WIDTH, LETTERS), bias: filled(0, LETTERS) },
      ...{ wx: weights(WIDTH, 3 * WIDTH), wh: weights(WIDTH, 2 * WIDTH), wc: weights(WIDTH, WIDTH) },
    },
    ...texts,
    foreign: true,
    loss({ letters, wx, wh, wc, out, bias }, [ids, labels]) {
      const B = ids!.shape[0]!;
      const xs = matmul(embedding(letters!, ids!.transpose()), wx!); // (LENGTH, B, 3·WIDTH)
      const { ys } = scan(
        ([h], [x]) => {
          const gates = sigmoid(x!.sliceAxis(-1, 0, 2 * WIDTH).add(matmul(h!, wh!)));
          const [update, reset] = [gates.sliceAxis(-1, 0, WIDTH), gates.sliceAxis(-1, WIDTH, 2 * WIDTH)];
          const candidate = tanh(x!.sliceAxis(-1, 2 * WIDTH, 3 * WIDTH).add(matmul(h!.mul(reset), wc!)));
          const next = update.mul(h!).add(sub(1, update).mul(candidate));
          return [[next], [next]];
        },
        [splat(0, [B, WIDTH], "float32")],
        [xs],
      );
      return softmaxCrossEntropy(matmul(ys[0]!, out!).add(bias!), labels!.transpose()).mean();
    },
  },
  {
    name: "a transformer of one block",
    parameters: {
      ...{ letters: weights(LETTERS, WIDTH), places: weights(LENGTH, WIDTH) },
      ...{ scale1: filled(1, WIDTH), shift1: filled(0, WIDTH), scale2: filled(1, WIDTH), shift2: filled(0, WIDTH) },
      ...{ q: weights(WIDTH, WIDTH), k: weights(WIDTH, WIDTH), v: weights(WIDTH, WIDTH), o: weights(WIDTH, WIDTH) },
      ...{ up: weights(WIDTH, 2 * WIDTH), b1: filled(0, 2 * WIDTH), down: weights(2 * WIDTH, WIDTH) },
      ...{ b2: filled(0, WIDTH) },
    },
    ...texts,
    loss(p, [ids, labels]) {
      const B = ids!.shape[0]!;
      const heads = (x: Tensor) => x.reshape([B, LENGTH, HEADS, WIDTH / HEADS]).transpose([0, 2, 1, 3]);
      const later = greater(iota([LENGTH, LENGTH], 1), iota([LENGTH, LENGTH], 0));
      const x = embedding(p.letters!, ids!).add(p.places!);
      const y = layerNorm(x, { scale: p.scale1!, bias: p.shift1! });
      const [q, k, v] = [p.q!, p.k!, p.v!].map((w) => heads(matmul(y, w))) as [Tensor, Tensor, Tensor];
      const scores = matmul(q, k.transpose([0, 1, 3, 2])).mul((WIDTH / HEADS) ** -0.5);
      const mixed = matmul(softmax(where(later, -1e9, scores)), v).transpose([0, 2, 1, 3]);
      const attended = x.add(matmul(mixed.reshape([B, LENGTH, WIDTH]), p.o!));
      const z = layerNorm(attended, { scale: p.scale2!, bias: p.shift2! });
      const h = attended.add(matmul(gelu(matmul(z, p.up!).add(p.b1!)), p.down!).add(p.b2!));
      return softmaxCrossEntropy(matmul(h, p.letters!.transpose()), labels!).mean();
    },
  },
];

/** The types of a program's parameters, in their order. */
export const parameterTypes = ({ parameters }: TrainingProgram): readonly TensorType[] =>
  Object.values(parameters).map(({ shape }) => ({ dtype: "float32", shape }));

/** What a program's parameters begin with: Glorot-uniform where no value is given. */
export function initialParameters({ name, parameters }: TrainingProgram, seed: number): readonly Float32Array[] {
  const draw = new Draw(seed, `${name} parameters`);
  return Object.values(parameters).map(({ shape, start }) => {
    const limit = Math.sqrt(6 / (shape[0]! + (shape[1] ?? 0)));
    const length = shape.reduce((n, size) => n * size, 1);
    return Float32Array.from({ length }, () => start ?? limit * (2 * draw.unit() - 1));
  });
}

/** The batch of a step. */
export function batchOf(program: TrainingProgram, size: number, step: number, seed: number): readonly Elements[] {
  const { name, batch, examples } = program;
  const data = examples(size, new Draw(seed, `${name} task`), new Draw(seed, `${name} batch ${step}`));
  return batch(size).map(({ dtype, shape }, i) => ({
    ...{ dtype, shape: shape as readonly number[] },
    data: Float64Array.from(data[i]!),
  }));
}
