import {
  concatenate,
  conv1d,
  conv2d,
  conv2dTranspose,
  dense,
  dropout,
  embedding,
  flatten,
  globalMaxPooling1d,
  input,
  type Layer,
  layerNorm,
  lstm,
  maxPooling2d,
  model,
  reshape,
  sequential,
  simpleRNN,
  spatialDropout1d,
  transformerDecoder,
} from "@tenon/layers";

/** A model, and what it is fed. */
export interface Network {
  readonly make: () => Layer;
  /** Of an example, without the batch. */
  readonly input: readonly number[];
  /** Numbers of classes or letters; inputs are letters where there are as many as steps of labels. */
  readonly classes: number;
  readonly letters?: boolean;
  /** Steps of an example that have a label each; none where it has one. */
  readonly labels?: number;
  /** Questions whose answers are probabilities, as many as the product of these; its results are logits. None where labels are classes. */
  readonly questions?: readonly number[];
  readonly batch: number;
}

/** Sizes of the networks: pictures have `side` × `side` pixels, texts `length` letters of a vocabulary. */
interface Sizes {
  readonly side: number;
  readonly batch: number;
  readonly mlp: number;
  readonly filters: readonly [number, number, number];
  readonly units: number;
  readonly code: number;
  readonly groups: number;
  readonly vocabulary: number;
  readonly length: number;
  readonly lstm: { readonly letter: number; readonly units: number };
  readonly gpt: { readonly width: number; readonly heads: number; readonly blocks: number };
}

/** So narrow that the reference, which computes each number by itself, takes a second. */
const narrow: Sizes = {
  ...{ side: 14, batch: 4, mlp: 16, filters: [4, 6, 6], units: 8, code: 5, groups: 4, vocabulary: 11, length: 6 },
  ...{ lstm: { letter: 6, units: 8 }, gpt: { width: 8, heads: 2, blocks: 2 } },
};

/** As the examples have them, but for fewer and shorter texts. */
const wide: Sizes = {
  ...{
    side: 28,
    batch: 4,
    mlp: 256,
    filters: [32, 64, 64],
    units: 16,
    code: 32,
    groups: 64,
    vocabulary: 65,
    length: 16,
  },
  ...{ lstm: { letter: 32, units: 256 }, gpt: { width: 128, heads: 4, blocks: 4 } },
};

/** By their names. */
function networksOf(sizes: Sizes): Readonly<Record<string, Network>> {
  const { side, batch, mlp, filters, units, code, groups, vocabulary, length, lstm: memory, gpt } = sizes;
  const relu = { activation: "relu" } as const;
  const letters = { input: [length], classes: vocabulary, letters: true, labels: length, batch };
  const block = () =>
    transformerDecoder({
      ...{ numHeads: gpt.heads, intermediateDim: 4 * gpt.width, activation: "gelu", normalizeFirst: true },
      ...{ rope: true, useBias: false },
    });
  return {
    "mnist-mlp": {
      make: () => sequential([flatten(), dense(mlp, relu), dense(mlp, relu), dense(10)]),
      ...{ input: [side, side, 1], classes: 10, batch },
    },
    "mnist-cnn": {
      make: () =>
        sequential([
          conv2d(filters[0], 3, relu),
          maxPooling2d(2),
          conv2d(filters[1], 3, relu),
          maxPooling2d(2),
          conv2d(filters[2], 3, { ...relu, padding: side < 28 ? "same" : "valid" }),
          flatten(),
          dense(filters[2], relu),
          dense(10),
        ]),
      ...{ input: [side, side, 1], classes: 10, batch },
    },
    autoencoder: {
      make: () => {
        const halved = { strides: 2, padding: "same" } as const;
        return sequential([
          conv2d(filters[0] / 2, 3, { ...halved, ...relu }),
          flatten(),
          dense(code),
          dense((side / 2) ** 2 * filters[0], relu),
          reshape([side / 2, side / 2, filters[0]]),
          conv2dTranspose(1, 3, halved),
        ]);
      },
      ...{ input: [side, side, 1], classes: 0, questions: [side, side, 1], batch },
    },
    "sentiment-cnn": {
      make: () => {
        const sentence = input([length], { dtype: "int32" });
        const vectors = spatialDropout1d(0.3).on(embedding(vocabulary, memory.letter).on(sentence));
        const found = [3, 4, 5].map((size) => globalMaxPooling1d().on(conv1d(groups, size, relu).on(vectors)));
        return model({ inputs: sentence, outputs: dense(1).on(dropout(0.5).on(concatenate().on(found))) });
      },
      ...{ input: [length], classes: vocabulary, letters: true, questions: [1], batch },
    },
    "a simple RNN": {
      make: () => sequential([simpleRNN(units), dense(3)]),
      ...{ input: [12, 2], classes: 3, batch },
    },
    "char-lstm": {
      make: () =>
        sequential([
          embedding(vocabulary, memory.letter),
          lstm(memory.units, { returnSequences: true }),
          dense(vocabulary),
        ]),
      ...letters,
    },
    "char-gpt": {
      make: () =>
        sequential([
          embedding(vocabulary, gpt.width),
          ...Array.from({ length: gpt.blocks }, block),
          layerNorm(),
          dense(vocabulary, { useBias: false }),
        ]),
      ...letters,
    },
  };
}

/** The networks of the examples, narrower, since the reference computes each number by itself. */
export const networks = networksOf(narrow);

/** The networks of the examples in their own sizes, for texts of 16 letters. */
export const wideNetworks = networksOf(wide);
