import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { adam, adamw } from "@tenon/optimizers";
import {
  attention,
  compile,
  conv,
  grad,
  layerNorm,
  matmul,
  softmax,
  softmaxCrossEntropy,
  type Tensor,
  type Variable,
  valueAndGrad,
  variable,
  zeros,
} from "@tenon/tensor";
import {
  type CnnSizes,
  cnn,
  type LstmSizes,
  lstm,
  type MlpSizes,
  mlp,
  type Network,
  type TransformerSizes,
  trainingFlop,
  transformer,
  usualCnn,
  usualTransformer,
} from "../shared/networks.ts";
import { noise } from "../shared/noise.ts";

export type Precision = "float32" | "tf32" | "bfloat16";

/** Something that both sides do. */
export interface Job {
  readonly name: string;
  /** Which of the device's peaks bounds it. */
  readonly precision: Precision;
  readonly flop?: number;
  /** Bytes that must be read and written at least. */
  readonly bytes?: number;
  /** What the peer is told. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** Our side; what it starts is enqueued, and its result tells whether the peer does the same. */
  prepare(): Promise<() => Promise<Tensor>>;
}

/** Sizes of all jobs. */
export interface Sizes {
  readonly copy: number;
  readonly matmul: readonly number[];
  readonly conv: { readonly batch: number; readonly side: number; readonly channels: number };
  readonly softmax: readonly [number, number];
  readonly layerNorm: readonly [number, number];
  readonly attention: {
    readonly batch: number;
    readonly tokens: number;
    readonly heads: number;
    readonly width: number;
  };
  /** Tensors of so many numbers. */
  readonly adamw: { readonly tensors: number; readonly numbers: number };
  readonly mlp: MlpSizes;
  /** Another batch of the same. */
  readonly fewRows: number;
  readonly cnn: CnnSizes;
  readonly lstm: LstmSizes;
  readonly transformer: TransformerSizes;
}

export const fullSizes: Sizes = {
  copy: 2 ** 28,
  matmul: [1024, 2048, 4096, 8192],
  conv: { batch: 64, side: 56, channels: 128 },
  softmax: [16_384, 8192],
  layerNorm: [32_768, 4096],
  attention: { batch: 8, tokens: 2048, heads: 16, width: 64 },
  adamw: { tensors: 64, numbers: 2 ** 21 },
  mlp: { batch: 128, features: 784, hidden: 256 },
  fewRows: 32,
  cnn: usualCnn,
  lstm: { batch: 32, steps: 64, characters: 65, features: 128, units: 256 },
  transformer: usualTransformer,
};

/** So small that the emulated device does them in seconds. */
export const tinySizes: Sizes = {
  copy: 64,
  matmul: [8],
  conv: { batch: 1, side: 5, channels: 2 },
  softmax: [3, 8],
  layerNorm: [3, 8],
  attention: { batch: 1, tokens: 16, heads: 1, width: 8 }, // tensor cores take no fewer
  adamw: { tensors: 2, numbers: 10 },
  mlp: { batch: 2, features: 6, hidden: 4 },
  fewRows: 1,
  cnn: { batch: 1, side: 22, channels: [1, 2, 2], dense: 3 },
  lstm: { batch: 2, steps: 2, characters: 5, features: 3, units: 2 },
  transformer: { batch: 1, tokens: 3, width: 4, heads: 2, layers: 1, characters: 5 },
};

const FLOAT = 4; // bytes

/** The same numbers in the device's memory alone, so that no run brings them there. */
const onDevice = <T extends readonly Tensor[]>(tensors: T): Promise<T> =>
  compile((...given: Tensor[]) => given)(...tensors) as unknown as Promise<T>;

/** A function of tensors that stay on the device. Of 16-bit floats the tensors themselves are of them. */
function ofTensors(
  fn: (first: Tensor, ...rest: Tensor[]) => Tensor,
  shapes: readonly (readonly number[])[],
  precision: Precision,
): Job["prepare"] {
  return async () => {
    const given = shapes.map((shape, i) => noise(shape, i + 1));
    const args = await onDevice(precision === "bfloat16" ? given.map((x) => x.cast("bfloat16")) : given);
    const compiled = compile(fn, { precision: precision === "bfloat16" ? "float32" : precision });
    return () => compiled(...(args as [Tensor, ...Tensor[]]));
  };
}

const precisions: readonly Precision[] = ["float32", "tf32", "bfloat16"];

function products({ matmul: sizes }: Sizes): readonly Job[] {
  return sizes.flatMap((n) =>
    precisions.map((precision) => ({
      ...{ name: `matmul ${n}³`, precision, flop: 2 * n ** 3 },
      spec: { job: "matmul", n, precision },
      prepare: ofTensors(
        (a, b) => matmul(a, b!),
        [
          [n, n],
          [n, n],
        ],
        precision,
      ),
    })),
  );
}

/** The sum of the gradients of all operands. */
function attentionGradients(q: Tensor, ...[k, v, dy]: readonly Tensor[]): Tensor {
  const loss = (...[a, b, c]: readonly [Tensor, Tensor, Tensor]): Tensor =>
    attention(a, b, c, { causal: true }).mul(dy!).sum();
  const [dq, dk, dv] = grad(loss, { argnums: [0, 1, 2] })(q, k!, v!);
  return dq!.add(dk!).add(dv!);
}

function layers({ copy, conv: c, softmax: s, layerNorm: l, attention: a }: Sizes): readonly Job[] {
  const inner = c.side - 2;
  const x = [c.batch, c.side, c.side, c.channels];
  const heads = [a.batch, a.tokens, a.heads, a.width];
  const scores = a.batch * a.heads * a.tokens ** 2 * a.width; // flop of a product, as nobody sees half of the scores
  const rows = (name: string, [n, m]: readonly [number, number], fn: (x: Tensor) => Tensor): Job => ({
    ...{ name: `${name} ${n} × ${m}`, precision: "float32", bytes: 2 * FLOAT * n * m },
    spec: { job: name, shape: [n, m] },
    prepare: ofTensors(fn, [[n, m]], "float32"),
  });
  return [
    {
      ...{ name: "copy", precision: "float32", bytes: 2 * FLOAT * copy, spec: { job: "copy", shape: [copy] } },
      prepare: ofTensors((y) => y.neg(), [[copy]], "float32"),
    },
    rows("softmax", s, (y) => softmax(y)),
    rows("layer norm", l, (y) => layerNorm(y)),
    ...precisions.map((precision) => ({
      name: `convolution 3 × 3, ${x.join(" × ")}`,
      ...{ precision, flop: 2 * c.batch * inner ** 2 * 9 * c.channels ** 2 },
      spec: { job: "conv", shape: x, precision },
      prepare: ofTensors((y, w) => conv(y, w!), [x, [3, 3, c.channels, c.channels]], precision),
    })),
    ...precisions.flatMap((precision): Job[] => [
      {
        ...{ name: `causal attention ${heads.join(" × ")}`, precision, flop: 2 * scores },
        spec: { job: "attention", shape: heads, precision },
        prepare: ofTensors((q, k, v) => attention(q, k!, v!, { causal: true }), [heads, heads, heads], precision),
      },
      {
        // the five products of the derivative besides the two of attention itself
        ...{ name: `gradients of causal attention ${heads.join(" × ")}`, precision, flop: 7 * scores },
        spec: { job: "attention gradients", shape: heads, precision },
        prepare: ofTensors(attentionGradients, [heads, heads, heads, heads], precision),
      },
    ]),
  ];
}

/** The update alone, of many parameters at once: reads them, gradients and two moments, writes all but the gradients. */
function update({ adamw: { tensors, numbers } }: Sizes): Job {
  return {
    ...{ name: `AdamW, ${tensors} tensors of ${numbers}`, precision: "float32", bytes: 7 * FLOAT * tensors * numbers },
    spec: { job: "adamw", tensors, numbers },
    async prepare() {
      const params = Array.from({ length: tensors }, (_, i) => variable(noise([numbers], i + 1)));
      const gradients = await onDevice(params.map((_, i) => noise([numbers], 1000 + i)));
      const optimizer = adamw({ learningRate: 1e-3 }).bind(params);
      const step = compile((...grads: Tensor[]) => {
        optimizer.apply(grads);
        return params[0]!.value.slice({ start: [0], limit: [SAMPLE] });
      });
      return () => step(...gradients);
    },
  };
}

/** Numbers of a result that are compared. */
export const SAMPLE = 5;

/** The networks whose steps are measured; what the peer is told of them beside their sizes. */
function networksOf(sizes: Sizes): readonly { name: string; network: string; sizes: object; make: () => Network }[] {
  const few = { ...sizes.mlp, batch: sizes.fewRows };
  return [
    { name: "mlp", network: "mlp", sizes: sizes.mlp, make: () => mlp(sizes.mlp) },
    { name: `mlp, batch ${few.batch}`, network: "mlp", sizes: few, make: () => mlp(few) },
    { name: "cnn", network: "cnn", sizes: sizes.cnn, make: () => cnn(sizes.cnn) },
    { name: "lstm", network: "lstm", sizes: sizes.lstm, make: () => lstm(sizes.lstm) },
    {
      name: "transformer",
      network: "transformer",
      sizes: sizes.transformer,
      make: () => transformer(sizes.transformer),
    },
  ];
}

/** Training steps with Adam, all on the device; the result is the loss. */
function steps(sizes: Sizes, folder: string): readonly Job[] {
  return networksOf(sizes).flatMap(({ name, network, sizes: own, make }) =>
    precisions.map((precision) => ({
      ...{ name: `step of ${name}`, precision, flop: trainingFlop(make()) },
      spec: { job: "step", network, precision, folder, ...own },
      async prepare() {
        const { params, inputs, logits } = make();
        await writeParams(folder, params);
        const optimizer = adam({ learningRate: 1e-3 }).bind(params);
        const step = compile(
          (x: Tensor, labels: Tensor) => {
            const [loss, grads] = valueAndGrad(() => softmaxCrossEntropy(logits(x), labels).mean(), params);
            optimizer.apply(grads);
            return loss;
          },
          { precision },
        );
        const held = await onDevice(inputs);
        return () => step(...held);
      },
    })),
  );
}

/** What a network says of a batch that is on the device. */
function inferences(sizes: Sizes, folder: string): readonly Job[] {
  return precisions.map((precision) => ({
    ...{ name: "inference of cnn", precision, flop: cnn(sizes.cnn).flop },
    spec: { job: "inference", network: "cnn", precision, folder, ...sizes.cnn },
    async prepare() {
      const { params, inputs, logits } = cnn(sizes.cnn);
      await writeParams(folder, params);
      const guess = compile(logits, { precision });
      const [x] = await onDevice(inputs);
      return () => guess(x);
    },
  }));
}

/** Where the peer finds the weights to start with. */
export async function writeParams(folder: string, params: Readonly<Record<string, Variable>>): Promise<void> {
  const shapes: Record<string, readonly unknown[]> = {};
  for (const [name, v] of Object.entries(params)) {
    shapes[name] = v.shape;
    writeFileSync(join(folder, `${name}.f32`), new Uint8Array((await v.value.data()).buffer as ArrayBuffer));
  }
  writeFileSync(join(folder, "shapes.json"), JSON.stringify(shapes));
}

/** Everything that is measured; `folder` is for what the sides hand each other. */
export const jobsOf = (sizes: Sizes, folder: string): readonly Job[] => [
  ...layers(sizes),
  ...products(sizes),
  update(sizes),
  ...steps(sizes, folder),
  ...inferences(sizes, folder),
];

/** Something small whose result, once read, says that all before it is done. */
export function fence(): () => Promise<void> {
  const one = zeros([1]);
  const passed = compile((x: Tensor) => x.add(1));
  return async () => void (await (await passed(one)).data());
}
