import { dtypes } from "@tenon/ir";
import { evaluateIndex, type Index } from "@tenon/lowering";
import type { PlacedOperand } from "../blas/problem.ts";
import { ALIGNED, packed } from "./description.ts";
import type { AttentionForm, Lying } from "./form.ts";

/** Features that all engines take: NVIDIA, cuDNN, "Attention", "Scaled Dot Product Attention", limits of the head dimension. */
const MOST_FEATURES = 128;
const FEATURE_UNIT = 8;
/** Sequences and heads, which are blocks along dimensions of a launch; and keys. PyTorch gives the library no others either. */
const MOST_OF_A_DIMENSION = 65_535;
const LEAST_KEYS = 2;

/** An array as the library is told of it. */
export interface PlacedArray extends PlacedOperand {
  /** (batch, head, row, feature). */
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
}

/** `y = softmax(scale·q·kᵀ)·v`, where everything is a number. */
export interface AttentionProblem {
  readonly dtype: AttentionForm["dtype"];
  readonly scale: number;
  readonly causal: boolean;
  readonly q: PlacedArray;
  readonly k: PlacedArray;
  readonly v: PlacedArray;
  readonly y: PlacedArray;
  /** (batch, head, row, 1), packed: the logarithm of the sum of exponentials of each row. */
  readonly lse: PlacedArray | undefined;
}

/** The attention of a form with the launch's sizes, or why the library has no word for it. */
export function problemOf(form: AttentionForm, scalars: ReadonlyMap<string, number>): AttentionProblem | string {
  const number = (x: Index): number => evaluateIndex(x, scalars);
  const bytes = dtypes[form.dtype].byteLength;
  const placed = ({ slot, start, sizes, strides }: Lying): PlacedArray => {
    const [batch, row, head, feature] = sizes.map(number) as [number, number, number, number];
    const turned = [strides[0]!, strides[2]!, strides[1]!, strides[3]!].map(number);
    const all = [batch, head, row, feature];
    return { slot, offset: number(start) * bytes, sizes: all, strides: beyond(all, turned) };
  };
  const { dtype, scale, causal } = form;
  const [q, k, v, y] = [form.q, form.k, form.v, form.y].map(placed) as [
    ...[PlacedArray, PlacedArray, PlacedArray, PlacedArray],
  ];
  const arrays = [q, k, v, y];
  if (arrays.some(({ sizes }) => sizes.includes(0))) return "nothing to compute";
  const features = [q.sizes[3]!, v.sizes[3]!];
  if (features.some((n) => n % FEATURE_UNIT !== 0 || n > MOST_FEATURES))
    return `for heads of ${features.join(" and ")}`;
  if (k.sizes[2]! < LEAST_KEYS) return "for its single key";
  const many = q.sizes.slice(0, 2).find((n) => n > MOST_OF_A_DIMENSION);
  if (many !== undefined) return `for its ${many} ${many === q.sizes[0] ? "sequences" : "heads"}`;
  // the last query and the last key are at one place here, and the first ones there
  if (causal && q.sizes[2] !== k.sizes[2]) return "for its causal mask, with more keys than queries or fewer";
  if (arrays.some((x) => !isAligned(x, bytes))) return "for how its operands lie";
  const lse = form.lse === undefined ? undefined : rowsOf(form.lse, number);
  if (lse === null) return "for how its results lie";
  return { dtype, scale, causal, q, k, v, y, lse };
}

/** Steps of axes of one element are those that come beyond all others. */
function beyond(sizes: readonly number[], strides: readonly number[]): readonly number[] {
  const extent = Math.max(...sizes.map((size, i) => (size === 1 ? 1 : size * strides[i]!)));
  return strides.map((stride, i) => (sizes[i] === 1 && i < 3 ? extent : stride));
}

/** Whether features lie side by side, and each row begins where 16 bytes do. */
const isAligned = ({ offset, strides }: PlacedArray, bytes: number): boolean =>
  offset % ALIGNED === 0 &&
  strides[3] === 1 &&
  strides.slice(0, 3).every((stride) => stride > 0 && (stride * bytes) % ALIGNED === 0);

/** The rows of a float32 array that must be packed; null where they are not. */
function rowsOf({ slot, start, sizes, strides }: Lying, number: (x: Index) => number): PlacedArray | null {
  const all = [...sizes.map(number), 1];
  const steps = packed(all);
  const offset = number(start) * dtypes.float32.byteLength;
  const isPacked = sizes.every((_, i) => all[i] === 1 || number(strides[i]!) === steps[i]);
  return isPacked && offset % ALIGNED === 0 ? { slot, offset, sizes: all, strides: steps } : null;
}

/** Products and additions of the scores. */
export const workOf = ({ q, k }: AttentionProblem): number =>
  q.sizes.reduce((product, size) => product * size, 1) * k.sizes[2]!;

/** The attention for people: `8 of 12 heads, 1024×1024×64 bfloat16, causal`. */
export function textOf({ dtype, causal, q, k, v }: AttentionProblem): string {
  const [batch, heads, rows, features] = q.sizes;
  const [, groups, keys] = k.sizes;
  const shared = groups === heads ? "" : `, ${groups} of keys`;
  const values = v.sizes[3] === features ? "" : ` and ${v.sizes[3]}`;
  const size = `${batch} of ${heads} heads${shared}, ${rows}×${keys}×${features}${values} ${dtype}`;
  return causal ? `${size}, causal` : size;
}
