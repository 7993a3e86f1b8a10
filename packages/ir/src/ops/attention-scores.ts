import { bool, float } from "../attrs.ts";
import { type Dim, dimFloorDiv, dimMod, sameDim } from "../dim.ts";
import { accumulator } from "../dtype.ts";
import { applyOp } from "../op.ts";
import { accepts, classWords, fail, failDType } from "../rule.ts";
import { type Shape, shapeText, type TensorType } from "../shape.ts";
import { matchSignature } from "../signature.ts";
import type { Tensor } from "../tensor.ts";
import { widen } from "../widen.ts";
import { and } from "./bits.ts";
import { precisionAttr } from "./cell.ts";
import { dotOp, type Precision } from "./dot.ts";
import { transpose } from "./move.ts";
import { reshape } from "./reshape.ts";
import { causalMask } from "./triangle.ts";

/** What attention and its derivative are told: `mask` and `bias` say which of them follow the operands. */
export const attentionAttrs = () => ({
  scale: float(),
  causal: bool(false),
  mask: bool(false),
  bias: bool(false),
  mul: precisionAttr(),
});

export interface AttentionAttrs {
  readonly scale: number;
  readonly causal: boolean;
  readonly mask: boolean;
  readonly bias: boolean;
  readonly mul: Precision;
}

/** Sizes by their letters: queries, keys, heads of the queries, heads of the keys, heads of the queries per head of the keys. */
export interface AttentionSizes {
  readonly b: Dim;
  readonly t: Dim;
  readonly s: Dim;
  readonly h: Dim;
  readonly k: Dim;
  readonly group: Dim;
}

const signature = "(b,t,h,d),(b,s,k,d),(b,s,k,e)->(b,t,h,e)";

export function sizesOf(q: TensorType, k: TensorType): AttentionSizes {
  const [b, t, h] = q.shape as readonly [Dim, Dim, Dim];
  const [, s, heads] = k.shape as readonly [Dim, Dim, Dim];
  return { b, t, s, h, k: heads, group: dimFloorDiv(h, heads) };
}

/** Refuses operands of attention that do not fit each other. */
export function checkAttention(
  q: TensorType,
  k: TensorType,
  v: TensorType,
  extras: readonly TensorType[],
  { mask, bias }: AttentionAttrs,
): void {
  const operands = Object.entries({ q, k, v });
  if (!accepts("float", q.dtype)) failDType(`q is ${q.dtype} where ${classWords.float} is wanted`);
  for (const [name, x] of operands) {
    if (x.dtype !== q.dtype) failDType(`q is ${q.dtype} but ${name} is ${x.dtype}`, "convert one of them");
    if (x.shape.length !== 4)
      fail("E206", `${name} has rank ${x.shape.length}, not 4, in ${signature}`, "give (batch, place, head, feature)");
  }
  matchSignature(
    signature,
    operands.map(([name]) => name),
    [q, k, v],
  );
  const { b, t, s, h, k: heads } = sizesOf(q, k);
  if (sameDim(heads, 0) || dimMod(h, heads) !== 0)
    fail(
      "E203",
      `${h} heads of q are no multiple of ${heads} heads of k and v, in ${signature}`,
      `use a multiple of ${heads} heads in q`,
    );
  const names = [...(mask ? ["mask"] : []), ...(bias ? ["bias"] : [])];
  if (extras.length !== names.length)
    fail("E209", `${extras.length} operands follow where ${names.join(" and ") || "none"} is wanted`);
  names.forEach((name, i) => {
    const { dtype, shape } = extras[i]!;
    if (name === "mask" && dtype !== "bool") failDType(`mask is ${dtype} where bool is wanted`, "compare it with 0");
    if (name === "bias" && dtype !== q.dtype && dtype !== accumulator(q.dtype))
      failDType(`q is ${q.dtype} but bias is ${dtype}`, "convert one of them");
    const wanted = [b, t, s].toSpliced(1, 0, h);
    if (shape.length !== 4 || shape.some((d, n) => !sameDim(d, 1) && !sameDim(d, wanted[n]!)))
      fail(
        "E203",
        `${name} is ${shapeText(shape)} where ${shapeText(wanted)} is wanted, in (b,h,t,s)`,
        "any of its sizes may be 1 instead",
      );
  });
}

/** (b, t, h, d) → (b, t, k, group, d): the heads of queries by the head of keys that they share. */
export function byKeyHead(x: Tensor, { b, t, k, group }: AttentionSizes): Tensor {
  return reshape(x, [b, t, k, group, x.shape.at(-1)!]);
}

/** (b, k, t, group, d) → (b, t, h, d) */
export const byQueryHead = (x: Tensor, { b, t, h }: AttentionSizes): Tensor =>
  reshape(transpose(x, [0, 2, 1, 3, 4]), [b, t, h, x.shape.at(-1)!]);

/** (b, h, t, s), of which any may be 1 → (b, k, t, group, s) */
export function likeScores(x: Tensor, { k, group }: AttentionSizes): Tensor {
  const [b, h, t, s] = x.shape as readonly [Dim, Dim, Dim, Dim];
  const heads: Shape = sameDim(h, 1) ? [1, 1] : [k, group];
  return transpose(reshape(x, [b, ...heads, t, s]), [0, 1, 3, 2, 4]);
}

/** (b, k, t, group, s) → (b, h, t, s), where sizes may be 1. */
export function unlikeScores(x: Tensor, h: Dim): Tensor {
  const [b, , t, , s] = x.shape as readonly [Dim, Dim, Dim, Dim, Dim];
  return reshape(transpose(x, [0, 1, 3, 2, 4]), [b, h, t, s]);
}

/** What queries see of keys, in float32 for 16-bit floats. */
export interface Scores {
  /** `scale·q·k + bias`, (b, k, t, group, s). */
  readonly scores: Tensor;
  /** Where a query may see a key, of a shape that broadcasts to theirs; undefined where it is everywhere. */
  readonly seen: Tensor | undefined;
}

export function scoresOf(q: Tensor, k: Tensor, extras: readonly Tensor[], attrs: AttentionAttrs): Scores {
  const sizes = sizesOf(q, k);
  const { scale, causal, mask, bias, mul } = attrs;
  const product = attentionDot(
    byKeyHead(widen(q), sizes),
    widen(k),
    [
      [0, 2],
      [0, 2],
    ],
    [[4], [3]],
    mul,
  );
  const scaled = product.mul(scale);
  const scores = bias ? scaled.add(likeScores(widen(extras.at(-1)!), sizes)) : scaled;
  const later = causal ? reshape(causalMask(sizes.t, sizes.s), [1, 1, sizes.t, 1, sizes.s]) : undefined;
  const open = mask ? likeScores(extras[0]!, sizes) : undefined;
  return { scores, seen: later === undefined || open === undefined ? (later ?? open) : and(later, open) };
}

type Pairs = readonly [readonly number[], readonly number[]];

export const attentionDot = (a: Tensor, b: Tensor, batch: Pairs, contract: Pairs, mul: Precision): Tensor =>
  applyOp(dotOp, [a, b], { batch, contract, mul })[0]!;
