import {
  type ConcreteType,
  concat,
  cumsum,
  type Dim,
  type DType,
  dimFloorDiv,
  dimMax,
  dimMin,
  dimSub,
  dimSymbol,
  dropout,
  type Elements,
  gelu,
  iota,
  layerNorm,
  logSoftmax,
  matmul,
  randomUniform,
  scan,
  softmax,
  softmaxCrossEntropy,
  sort,
  sub,
  type Tensor,
  tanh,
} from "@tenon/ir";
import { Draw } from "./draw.ts";

/** A small net or loop in stages: what one stage returns, the next one takes. `B` may be any size, or a symbol. */
export interface Program {
  readonly name: string;
  readonly inputs: (batch: Dim) => readonly { readonly dtype: DType; readonly shape: readonly Dim[] }[];
  readonly stages: readonly ((xs: readonly Tensor[]) => readonly Tensor[])[];
  /** Which inputs are parameters, where the program's first result is a loss. */
  readonly parameters?: readonly number[];
}

const f32 = (...shape: readonly Dim[]) => ({ dtype: "float32" as const, shape });
const i32 = (...shape: readonly Dim[]) => ({ dtype: "int32" as const, shape });

/** Shapes of fusion: chains, reductions with producers and epilogues, products with epilogues, row kernels, loops. */
export const programs: readonly Program[] = [
  {
    name: "a chain of scalars",
    inputs: (B) => [f32(B, 7), f32(7)],
    stages: [
      ([x, y]) => [x!.mul(y!).add(1.5), y!],
      ([x, y]) => [tanh(x!).sub(y!).abs(), x!],
      ([x, y]) => [x!.maximum(y!).mul(0.5).square(), x!],
    ],
  },
  {
    name: "a two-layer classifier and its loss",
    inputs: (B) => [f32(9, 6), f32(6), f32(6, 4), f32(B, 9), i32(B)],
    parameters: [0, 1, 2],
    stages: [
      ([w, b, v, x, labels]) => [matmul(x!, w!).add(b!).relu(), v!, labels!],
      ([h, v, labels]) => [matmul(h!, v!), labels!],
      ([logits, labels]) => [softmaxCrossEntropy(logits!, labels!.mul(labels!).rem(4)).mean()],
    ],
  },
  {
    name: "attention over a batch",
    inputs: (B) => [f32(B, 5, 4), f32(4, 4), f32(4, 4)],
    parameters: [1, 2],
    stages: [
      ([x, q, k]) => [matmul(matmul(x!, q!), matmul(x!, k!).transpose([0, 2, 1])).mul(0.5), x!],
      ([scores, x]) => [softmax(scores!), x!],
      ([weights, x]) => [matmul(weights!, x!).add(x!).sum(), weights!],
    ],
  },
  {
    name: "norms and activations",
    inputs: (B) => [f32(B, 11), f32(11), f32(11)],
    parameters: [1, 2],
    stages: [
      ([x, scale, bias]) => [layerNorm(x!, { scale: scale!, bias: bias! }), x!],
      ([y, x]) => [gelu(y!).add(x!)],
      ([y]) => [logSoftmax(y!).variance(), cumsum(y!.transpose(), { axis: 0 })],
    ],
  },
  {
    name: "windows, slices and joins",
    inputs: (B) => [f32(B, 8)],
    stages: [
      ([x]) => [x!.pad({ lo: [0, 2], hi: [0, 1] }), x!],
      ([p, x]) => [p!.slice({ start: [0, 1], limit: [p!.shape[0]!, 9] }).mul(x!), x!],
      ([y, x]) => [y!.reverse({ axis: 1 }).add(x!.transpose().transpose()), y!.max({ axis: 0 })],
    ],
  },
  {
    name: "sizes computed from a size",
    inputs: (B) => [f32(B, 6), f32(B)],
    stages: [
      ([x, y]) => {
        const B = x!.shape[0]!;
        const [few, most] = [dimMin(B, 4), dimMax(dimFloorDiv(B, 2), 3)];
        return [
          x!.slice({ limit: [few] }),
          y!.pad({ hi: [dimSub(dimMax(B, 7), B)] }),
          y!.pad({ lo: [most], hi: [few] }),
        ];
      },
      ([head, long, padded]) => [
        concat([head!, head!.reverse()], { axis: 0 }),
        cumsum(long!, { axis: 0 }),
        padded!.neg(),
      ],
      ([twice, sums, padded]) => [twice!.reshape([-1]).reverse(), sums!.max(), padded!.flatten().reverse()],
    ],
  },
  {
    name: "lookups and sorting",
    inputs: (B) => [f32(6, 3), i32(B)],
    stages: [
      ([table, ids]) => [table!.take(ids!.abs().rem(6), { axis: 0 }), ids!],
      ([rows, ids]) => [sort(rows!, { axis: 0 }), rows!.argmax({ axis: 1 }).add(ids!)],
      ([sorted, places]) => [sorted!.sum({ axis: 1 }), places!.sum()],
    ],
  },
  {
    name: "a recurrence",
    inputs: (B) => [f32(5, B, 4), f32(4, 4), f32(B, 4)],
    parameters: [1],
    stages: [
      ([xs, w, h]) => {
        const { carry, ys } = scan(
          ([state]: readonly Tensor[], [x]: readonly Tensor[]) => {
            const next = tanh(matmul(state!, w!).add(x!));
            return [[next], [next.mul(2)]];
          },
          [h!],
          [xs!],
        );
        return [carry[0]!, ys[0]!];
      },
      ([last, all]) => [sub(all!.sum(), last!.sum()), last!],
    ],
  },
  {
    name: "random numbers in a chain",
    inputs: (B) => [{ dtype: "uint32", shape: [2] }, f32(B, 6)],
    stages: [
      ([key, x]) => [dropout(x!, key!, { rate: 0.5 }), key!],
      ([x, key]) => [x!.add(randomUniform(key!, [6])).add(iota([6], 0).cast("float32"))],
    ],
  },
];

/** The symbol by which programs of any size name their batch. */
export const batchSymbol = (): Dim => dimSymbol("B", { min: 1, max: 4096 });

export const recorded = ({ stages }: Program, inputs: readonly Tensor[]): readonly Tensor[] =>
  stages.reduce((xs, stage) => stage(xs), inputs);

/** Elements for a program's inputs. */
export function argumentsOf({ name, inputs }: Program, batch: number, seed: number): readonly Elements[] {
  const draw = new Draw(seed, `${name} ${batch}`);
  return inputs(batch).map((type) => draw.elements(type as ConcreteType));
}
