import type { DType } from "../dtype.ts";
import { checkOptions } from "../errors.ts";
import { applyOp } from "../op.ts";
import { broadcastShape, checkTensor, commonDType, toTensor } from "../promote.ts";
import { matmulFix } from "../prose.ts";
import { checked } from "../rule.ts";
import { normal, samplesOf } from "../sample.ts";
import { matchSignature } from "../signature.ts";
import type { Tensor } from "../tensor.ts";
import { dotOp, type Precision } from "./dot.ts";
import { moveAxis } from "./move.ts";

let precision: Precision = "same";

/** How products of float32 that are recorded now have their factors rounded. */
export const currentPrecision = (): Precision => precision;

/** Runs `body` while products of float32 are recorded with factors rounded as `mul` says. */
export function withPrecision<T>(mul: Precision, body: () => T): T {
  const outer = precision;
  precision = mul;
  try {
    return body();
  } finally {
    precision = outer;
  }
}

export interface DotOptions {
  /** Dtype in which products are added up; float32 for the 16-bit floats by default. */
  readonly acc?: DType;
  /** How float32 factors are rounded first. */
  readonly mul?: Precision;
}

type Pairs = readonly [readonly number[], readonly number[]];

/** Sum of products over the `contract` axes; batch + free(a) + free(b). Axes count from 0. */
export function dot(
  a: Tensor,
  b: Tensor,
  options: DotOptions & { readonly contract: Pairs; readonly batch?: Pairs },
): Tensor {
  const operands = inOneDType(a, b);
  const mul = options.mul ?? (operands[0].dtype === "float32" ? precision : "same");
  return applyOp(dotOp, operands, { ...options, mul })[0]!;
}

function inOneDType(a: Tensor, b: Tensor): readonly [Tensor, Tensor] {
  const dtype = commonDType(dotOp, [a, b], "number");
  return [toTensor("dot", a, dtype), toTensor("dot", b, dtype)];
}

/**
 * Matrix product as in NumPy. (…, m, k), (…, k, n) → (…, m, n); leading axes broadcast, and a vector stands for a row
 * on the left, a column on the right.
 */
export function matmul(a: Tensor, b: Tensor, options: DotOptions = {}): Tensor {
  checkTensor("matmul", "a", a);
  checkTensor("matmul", "b", b);
  checkOptions("matmul", options, ["acc", "mul"]);
  const signature = `${a.rank === 1 ? "(k)" : "(m,k)"},${b.rank === 1 ? "(k)" : "(k,n)"}->${a.rank === 1 ? (b.rank === 1 ? "()" : "(n)") : b.rank === 1 ? "(m)" : "(m,n)"}`;
  const { loop } = checked(
    "matmul",
    { a, b },
    () => matmulFix(a, b),
    () => matchSignature(signature, ["a", "b"], [a, b]),
  );
  if (b.rank <= 2) return dot(a, b, { ...options, contract: [[a.rank - 1], [0]] });
  if (a.rank <= 2) {
    // the free axis of a comes first, and belongs before the last
    const y = dot(a, b, { ...options, contract: [[a.rank - 1], [b.rank - 2]] });
    return a.rank === 2 ? moveAxis(y, 0, -2) : y;
  }
  const [left, right] = [a, b].map((x) => broadcastShape(x, [...loop, ...x.shape.slice(-2)])) as [Tensor, Tensor];
  const batch = loop.map((_, i) => i);
  return dot(left, right, { ...options, contract: [[left.rank - 1], [right.rank - 2]], batch: [batch, batch] });
}

/** Sum of products over the last `axes` axes of a and the first of b, or over two lists of axes, as in NumPy. */
export function tensordot(a: Tensor, b: Tensor, axes: number | Pairs = 2): Tensor {
  checkTensor("tensordot", "a", a);
  checkTensor("tensordot", "b", b);
  if (typeof axes !== "number") {
    const [left, right] = axes;
    return dot(a, b, {
      contract: [left.map((i) => (i < 0 ? i + a.rank : i)), right.map((i) => (i < 0 ? i + b.rank : i))],
    });
  }
  const range = (from: number): number[] => Array.from({ length: axes }, (_, i) => from + i);
  return dot(a, b, { contract: [range(a.rank - axes), range(0)] });
}

export const matmulSamples = () =>
  samplesOf(matmul, [
    [normal([3, 4]), normal([4, 2])],
    [normal([4]), normal([4])],
    [normal([4]), normal([4, 2])],
    [normal([3, 4]), normal([4])],
    [normal([2, 3, 4]), normal([4, 2])],
    [normal([3, 4]), normal([5, 2, 4, 2])],
    [normal([4]), normal([5, 4, 2])],
    [normal([5, 3, 4]), normal([4])],
    [normal([5, 1, 3, 4]), normal([2, 4, 2])],
    [normal([0, 3, 4]), normal([0, 4, 2])],
  ]);
