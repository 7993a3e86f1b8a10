import { checkOptions, type HostKey, HostRandom, type Tensor, tensor } from "@tenon/tensor";
import { checkNumber } from "../check.ts";
import { named, sizeOf } from "./values.ts";

/**
 * A matrix with orthonormal rows or columns, whichever are fewer, times `gain` (1 by default); all such matrices are
 * equally likely. Axes before the last count as rows.
 *
 * Saxe, McClelland & Ganguli 2013, Exact solutions to the nonlinear dynamics of learning in deep linear neural
 * networks, arXiv:1312.6120, section 3. Its cost is rows · columns · the fewer of them.
 */
export function orthogonal(
  options: { readonly gain?: number } = {},
): (key: HostKey, shape: readonly number[]) => Tensor {
  checkOptions("orthogonal", options, ["gain"]);
  const { gain = 1 } = options;
  checkNumber("orthogonal", "gain", gain, -Infinity, Infinity);
  return named(gain === 1 ? "orthogonal" : `orthogonal(${gain})`, (key, shape) => {
    const columns = shape.at(-1) ?? 1;
    const rows = sizeOf(shape.slice(0, -1));
    const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
    const q = orthonormal(key, count, length);
    const values = new Float32Array(rows * columns);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) values[i * columns + j] = gain * (rows > columns ? q[j]![i]! : q[i]![j]!);
    }
    return tensor(values, { shape });
  });
}

/**
 * `count` orthonormal vectors of `length` normal numbers, by Gram and Schmidt's method in its modified form, in float64:
 * a random matrix is so far from singular that what it loses is below float32.
 */
function orthonormal(key: HostKey, count: number, length: number): readonly Float64Array[] {
  const random = new HostRandom(key);
  const vectors: Float64Array[] = [];
  for (let k = 0; k < count; k++) {
    const v = Float64Array.from({ length }, () => random.normal());
    for (const u of vectors) {
      const shared = dot(u, v);
      for (let i = 0; i < length; i++) v[i]! -= shared * u[i]!;
    }
    const norm = Math.sqrt(dot(v, v));
    for (let i = 0; i < length; i++) v[i]! /= norm;
    vectors.push(v);
  }
  return vectors;
}

function dot(u: Float64Array, v: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < u.length; i++) sum += u[i]! * v[i]!;
  return sum;
}
