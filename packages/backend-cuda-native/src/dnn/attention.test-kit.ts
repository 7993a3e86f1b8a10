import type { BackendFactory } from "@tenon/backend";
import { interpreter } from "@tenon/interpreter";
import {
  applyOp,
  attention,
  attentionOp,
  broadcastTo,
  causalMask,
  compile,
  grad,
  logSumExp,
  matmul,
  select,
  setBackend,
  softmax,
  spec,
  type Tensor,
  tensor,
  transpose,
} from "@tenon/tensor";
import { expect } from "vitest";
import { drawer } from "../../../backend-cpu-js/src/kernels/dot-products.test-kit.ts";
import {
  differences,
  relativeDistance,
  roundedShares,
  TRANSPOSE_16_BIT,
  tolerances,
} from "../../../conformance/src/tolerance.ts";
import { saidDuring } from "../blas/said.test-kit.ts";

export interface AttentionCase {
  readonly dtype: "float16" | "bfloat16";
  /** Batch, queries, keys, heads of queries and of keys, features of both and of values. */
  readonly sizes: readonly [b: number, t: number, s: number, h: number, k: number, d: number, e: number];
  readonly causal?: boolean;
  readonly scale?: number;
  /** Whether heads lie before rows in memory. */
  readonly headsFirst?: boolean;
}

/** Times that each attention is computed: as commands at two sets of addresses, as graphs that are recorded, and as one of them again. */
const TIMES = 5;

type Results = (...operands: readonly Tensor[]) => readonly Tensor[];

/** Only the result; the result and the logarithms of sums; gradients, from behind a product, as they come in networks. */
function programsOf({ sizes, causal = false, scale = 0.5, headsFirst = false }: AttentionCase): readonly Results[] {
  const [b, t, , h, , , e] = sizes;
  const lie = (x: Tensor): Tensor => (headsFirst ? transpose(x, [0, 2, 1, 3]) : x);
  const forward = (q: Tensor, k: Tensor, v: Tensor): Tensor => attention(lie(q), lie(k), lie(v), { causal, scale });
  const loss = (q: Tensor, k: Tensor, v: Tensor, w: Tensor): Tensor =>
    matmul(forward(q, k, v).reshape([b * t, h * e]), w)
      .square()
      .mean();
  return [
    (q, k, v) => [forward(q!, k!, v!)],
    (q, k, v) => applyOp(attentionOp, [lie(q!), lie(k!), lie(v!)], { causal, scale }),
    (q, k, v, w) => grad(loss, { argnums: [0, 1, 2] })(q!, k!, v!, w!),
  ];
}

/** The same, but that shares are rounded to the operands' dtype before values are multiplied: that is what tensor cores do. */
function roundedOf({ causal = false, scale = 0.5, headsFirst = false, dtype, sizes }: AttentionCase): Results {
  const [b, t, s, h, heads] = sizes;
  const byHead = (x: Tensor): Tensor => (headsFirst ? x : transpose(x, [0, 2, 1, 3])).cast("float32");
  const repeated = (x: Tensor): Tensor => {
    const features = x.shape[3]!;
    const wide = broadcastTo(x.reshape([b, heads, 1, s, features]), [b, heads, h / heads, s, features]);
    return wide.reshape([b, h, s, features]);
  };
  return (q, k, v) => {
    const all = matmul(byHead(q!), transpose(repeated(byHead(k!)), [0, 1, 3, 2])).mul(scale);
    const scores = causal ? select(causalMask(t, s), all, -1e30) : all;
    const shares = softmax(scores).cast(dtype).cast("float32");
    const y = matmul(shares, repeated(byHead(v!))).cast(dtype);
    return [transpose(y, [0, 2, 1, 3]), logSumExp(scores, { axis: -1 })];
  };
}

/**
 * Computes attentions and their gradients and compares them with the reference; gives what was said of who computed them. `near` is for
 * a device that takes sums in an order of its own, and rounds shares before they are divided.
 */
export async function expectAttention(
  cases: readonly AttentionCase[],
  backend: BackendFactory,
  { near = false, gradients = true } = {},
): Promise<readonly string[]> {
  const draw = drawer(11);
  const said: string[] = [];
  for (const one of cases) {
    const { dtype } = one;
    const shapes = shapesOf(one);
    for (const [which, fn] of programsOf(one)
      .slice(0, gradients ? 3 : 2)
      .entries()) {
      const inputs = shapes.slice(0, which === 2 ? 4 : 3).map((shape) => spec(shape, dtype));
      const exact = which < 2 ? roundedOf(one) : fn;
      const expected = compile(exact, { inputs, backend: interpreter() });
      await setBackend(backend);
      const step = compile(fn, { inputs });
      const found = await saidDuring(async () => {
        for (let time = 0; time < TIMES; time++) {
          const data = inputs.map((_, i) => drawn(shapes[i]!, draw));
          const tensors = () => data.map((values, i) => tensor(values, { shape: shapes[i]!, dtype }));
          const [given, wanted] = [tensors(), await expected(...tensors())];
          const actual = await step(...given);
          for (const [i, x] of actual.entries()) {
            const where = `${JSON.stringify(one)}, program ${which}, time ${time}, result ${i}`;
            const numbers = [await wanted[i]!.data(), await x.data()] as [Float32Array, Float32Array];
            const tolerance = near ? roundedShares.bfloat16 : tolerances.accumulate.ieee;
            if (which === 2) expect(relativeDistance(...numbers), where).toBeLessThan(TRANSPOSE_16_BIT);
            else expect(differences(x.dtype, ...numbers, tolerance), where).toEqual([]);
          }
          for (const x of [...given, ...actual].reverse()) x.dispose(); // so that all will lie where it lay
        }
      });
      said.push(...found);
    }
  }
  return said;
}

/** Of queries, keys, values, and the matrix behind. */
function shapesOf({ sizes: [b, t, s, h, k, d, e], headsFirst = false }: AttentionCase): readonly number[][] {
  const arrays = [
    [t, h, d],
    [s, k, d],
    [s, k, e],
  ] as const;
  const lie = ([rows, heads, features]: (typeof arrays)[number]): number[] =>
    headsFirst ? [b, heads, rows, features] : [b, rows, heads, features];
  return [...arrays.map(lie), [h * e, 3]];
}

/** Numbers that 16-bit floats have. */
const drawn = (shape: readonly number[], draw: (below: number) => number): Float32Array =>
  Float32Array.from({ length: shape.reduce((n, size) => n * size, 1) }, () => (draw(2 ** 7) - 2 ** 6) / 2 ** 5);
