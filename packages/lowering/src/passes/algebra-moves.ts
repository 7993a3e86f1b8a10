import {
  broadcastOp,
  concatOp,
  type Dim,
  dynamicSliceOp,
  isFloat,
  padOp,
  reduceOp,
  reshapeOp,
  reverseOp,
  type Shape,
  sameDim,
  sameShape,
  sliceOp,
  type Tensor,
  transposeOp,
} from "@tenon/ir";
import { type AlgebraRule, node, rule, under } from "./algebra-rule.ts";
import { splatValue } from "./constant-of.ts";

const [broadcast, reduce, reshape, reverse, slice, transpose] = [
  { op: broadcastOp },
  { op: reduceOp },
  { op: reshapeOp },
  { op: reverseOp },
  { op: sliceOp },
  { op: transposeOp },
] as const;

const numbers = (value: unknown): readonly number[] => value as readonly number[];
const isUnit = (d: Dim): boolean => d === 1;

/** Identities of ops that move elements about, and of reductions of nothing; exact, since no element is computed. */
export const moveRules: readonly AlgebraRule[] = [
  rule("transpose in order", transpose, ([x], { attrs }) =>
    numbers(attrs.perm).every((p, i) => p === i) ? x : undefined,
  ),
  rule("transpose of a transpose", transpose, ([x], { attrs }) => {
    const inner = under(transpose, x);
    return inner && node(transpose, [inner], { perm: numbers(attrs.perm).map((p) => numbers(x.attrs.perm)[p]!) });
  }),
  rule("transpose of axes of size 1", transpose, ([x], { attrs, outputs }) => {
    const moved = numbers(attrs.perm).filter((p) => !isUnit(x.shape[p]!));
    const inOrder = moved.every((p, i) => i === 0 || p > moved[i - 1]!);
    return inOrder ? node(reshape, [x], { shape: outputs[0]!.shape }) : undefined;
  }),
  rule("reshape to its own shape", reshape, ([x], { outputs }) =>
    sameShape(x.shape, outputs[0]!.shape) ? x : undefined,
  ),
  rule("reshape of a reshape", reshape, ([x], { outputs }) => {
    const inner = under(reshape, x);
    return inner && node(reshape, [inner], { shape: outputs[0]!.shape });
  }),

  rule("broadcast to its own shape", broadcast, ([x], { outputs }) =>
    sameShape(x.shape, outputs[0]!.shape) ? x : undefined,
  ),
  rule("broadcast of a broadcast", broadcast, ([x], { attrs, outputs }) => {
    const inner = under(broadcast, x);
    const dims = inner && numbers(x.attrs.dims).map((d) => numbers(attrs.dims)[d]!);
    return dims && node(broadcast, [inner], { shape: outputs[0]!.shape, dims });
  }),
  // axes of size 1 that a reshape puts in, as keepDims does, are put in by the broadcast itself
  rule("broadcast of a reshape by axes of size 1", broadcast, ([x], { attrs, outputs }) => {
    const inner = under(reshape, x);
    const places = inner && insertedUnits(inner.shape, x.shape);
    const dims = places?.map((axis) => numbers(attrs.dims)[axis]!);
    return dims && node(broadcast, [inner!], { shape: outputs[0]!.shape, dims });
  }),

  rule("slice of everything", slice, ([x], { attrs, outputs }) =>
    sameShape(x.shape, outputs[0]!.shape) && numbers(attrs.stride).every((s, i) => s === 1 || isUnit(x.shape[i]!))
      ? x
      : undefined,
  ),
  rule("slice of a slice", slice, ([x], { attrs, outputs }) => sliceOfSlice(x, attrs, outputs[0]!.shape)),
  rule("dynamic_slice at constants", { op: dynamicSliceOp }, (_operands, { inputs: [x, ...starts], attrs }) => {
    const sizes = attrs.sizes as Shape;
    const given = starts.map(splatValue);
    if (![...x!.shape, ...sizes, ...given].every((n) => typeof n === "number")) return undefined;
    const start = numbers(given).map((s, i) => Math.min(numbers(x!.shape)[i]! - numbers(sizes)[i]!, Math.max(0, s)));
    const limit = start.map((s, i) => s + numbers(sizes)[i]!);
    return node(slice, [x!], { start, limit, stride: start.map(() => 1) });
  }),

  rule("reverse of axes of size 1", reverse, ([x], { attrs }) => {
    const axes = numbers(attrs.axes).filter((axis) => !isUnit(x.shape[axis]!));
    if (axes.length === numbers(attrs.axes).length && axes.length > 0) return undefined;
    return axes.length === 0 ? x : node(reverse, [x], { axes });
  }),
  rule("reverse of a reverse", reverse, ([x], { attrs }) => {
    const inner = under(reverse, x);
    if (inner === undefined) return undefined;
    const [outer, before] = [numbers(attrs.axes), numbers(x.attrs.axes)];
    const axes = [...outer.filter((a) => !before.includes(a)), ...before.filter((a) => !outer.includes(a))];
    return node(reverse, [inner], { axes });
  }),
  rule(
    "pad by nothing",
    { op: padOp },
    ([x], { outputs }) => (sameShape(x.shape, outputs[0]!.shape) ? x : undefined), // no width is negative
  ),
  rule("concat of what has elements", { op: concatOp }, (_operands, { inputs, attrs }) => {
    const full = inputs.filter((x) => x.shape[attrs.axis as number] !== 0);
    if (full.length === 1 || inputs.length === 1) return full[0] ?? inputs[0];
    return full.length === inputs.length || full.length === 0
      ? undefined
      : node({ op: concatOp }, full, { axis: attrs.axis });
  }),

  // a float's sum begins at +0, which −0 alone would not give
  rule("reduce over axes of size 1", reduce, ([x], { attrs, outputs }) => {
    if (!numbers(attrs.axes).every((axis) => isUnit(x.shape[axis]!))) return undefined;
    if (attrs.op === "sum" && isFloat(x.dtype)) return undefined;
    return sameShape(x.shape, outputs[0]!.shape) ? x : node(reshape, [x], { shape: outputs[0]!.shape });
  }),
];

/** Where the axes of `from` stand in `to`, if the others of `to` have size 1; undefined where it is another reshape. */
function insertedUnits(from: Shape, to: Shape): readonly number[] | undefined {
  const places: number[] = [];
  for (let axis = 0; axis < to.length; axis++) {
    const next = from[places.length];
    if (next !== undefined && sameDim(next, to[axis]!)) places.push(axis);
    else if (!isUnit(to[axis]!)) return undefined;
  }
  return places.length === from.length ? places : undefined;
}

/** `x[s₁ + d₁·i]` at `i = s₂ + d₂·j`, where all sizes are numbers and something is taken. */
function sliceOfSlice(x: Tensor, attrs: Tensor["attrs"], shape: Shape): Tensor | undefined {
  const inner = under(slice, x);
  if (inner === undefined) return undefined;
  const all = [attrs.start, attrs.limit, x.attrs.start, x.attrs.limit, shape].flatMap((list) => list as Shape);
  if (!all.every((d) => typeof d === "number") || shape.includes(0)) return undefined;
  const [s1, d1] = [numbers(x.attrs.start), numbers(x.attrs.stride)];
  const [s2, d2] = [numbers(attrs.start), numbers(attrs.stride)];
  const start = s1.map((s, i) => s + d1[i]! * s2[i]!);
  const stride = d1.map((d, i) => d * d2[i]!);
  const limit = start.map((s, i) => s + stride[i]! * (numbers(shape)[i]! - 1) + 1);
  return node(slice, [inner], { start, limit, stride });
}
