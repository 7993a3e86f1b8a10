import type { BackendFactory } from "@tenon/backend";
import { differences, tolerances } from "@tenon/conformance";
import { roundToDType } from "@tenon/ir";
import { compile, matmul, type Tensor, tensor } from "@tenon/tensor";
import { expect } from "vitest";
import { drawer } from "../../../backend-cpu-js/src/kernels/dot-products.test-kit.ts";
import { tf32Value } from "../../../ir/src/number.ts";

export type Precision = "float32" | "tf32" | "bfloat16";

const rounding: Readonly<Record<Precision, (x: number) => number>> = {
  float32: (x) => x,
  tf32: tf32Value,
  bfloat16: (x) => roundToDType("bfloat16", x),
};

/** So many elements of each product are computed again. */
const CHECKED = 300;

/**
 * Products of kernels of our own, which they are since a factor is computed on the way, beside sums of rounded factors in float64.
 * Sizes are rows, columns and terms; the second operand lies both ways.
 */
export async function expectOwnProducts(
  backend: BackendFactory,
  precision: Precision,
  sizes: readonly (readonly [rows: number, columns: number, k: number])[],
): Promise<void> {
  const draw = drawer(7);
  const numbers = (count: number): Float32Array<ArrayBuffer> =>
    Float32Array.from({ length: count }, () => (draw(2 ** 24) - 2 ** 23) / 2 ** 22);
  const products = compile(
    (x: Tensor, y: Tensor) => [
      matmul(x.add(x), y),
      matmul(x, y.reshape([y.shape[1]!, y.shape[0]!]).mul(2).transpose()),
    ],
    {
      ...{ backend, precision },
    },
  );
  for (const [rows, columns, k] of sizes) {
    const [x, y] = [numbers(rows * k), numbers(k * columns)];
    const found = await products(tensor(x, { shape: [rows, k] }), tensor(y, { shape: [k, columns] }));
    const round = rounding[precision];
    const at = [
      (term: number, column: number) => term * columns + column,
      (term: number, column: number) => column * k + term,
    ];
    for (const [n, result] of found.entries()) {
      const all = await result.data();
      const [expected, actual]: [number[], number[]] = [[], []];
      for (let i = 0; i < CHECKED; i++) {
        const [row, column] = [draw(rows), draw(columns)];
        let sum = 0;
        // twice a number is rounded to twice what the number is
        for (let term = 0; term < k; term++) sum += 2 * round(x[row * k + term]!) * round(y[at[n]!(term, column)]!);
        expected.push(sum);
        actual.push(all[row * columns + column]!);
      }
      const factor = Math.max(1, Math.sqrt(k) / 2); // errors of sums grow with the root of the number of terms
      const wrong = differences("float32", expected, actual, tolerances.accumulate.ieee, factor);
      expect(wrong, `${precision}, ${rows}×${columns}×${k}, product ${n}`).toEqual([]);
    }
  }
}
