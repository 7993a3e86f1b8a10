import { type Dim, dimMul, dimSub, isFloat, type Node, type Shape, splat, type Tensor } from "@tenon/ir";
import { numbers } from "./algebra-moves.ts";
import { node } from "./algebra-rule.ts";

/** Most ops on elements through which windows are followed to what they are made of. */
const MAX_NODES = 16;

/**
 * A fold of windows that lie side by side, which moves their elements to where they came from: nothing is added up. Ops on elements
 * that make the windows, as a gradient of pooling has them, are done there, since what is merely moved is read where it is.
 */
export function foldApart({ inputs: [w], attrs, outputs: [y] }: Node): Tensor | undefined {
  const [axes, stride, dilation] = [attrs.axes, attrs.stride, attrs.dilation].map(numbers) as [
    number[],
    number[],
    number[],
  ];
  const size = w!.shape.slice(y!.rank);
  const apart = axes.every((_, i) => size[i] === stride[i] && (dilation[i] === 1 || size[i] === 1));
  const rest = axes.map((axis, i) => dimSub(y!.shape[axis]!, dimMul(w!.shape[axis]!, stride[i]!)));
  if (!apart || !rest.every((n) => typeof n === "number")) return undefined;

  const perm = y!.shape.flatMap((_, axis) => (axes.includes(axis) ? [axis, y!.rank + axes.indexOf(axis)] : [axis]));
  const covered = y!.shape.map((n, axis) => (axes.includes(axis) ? dimSub(n, rest[axes.indexOf(axis)]!) : n));
  const behind = y!.shape.map((_, axis) => rest[axes.indexOf(axis)] ?? 0);
  const none = behind.map(() => 0);
  const moved = (x: Tensor): Tensor => {
    const there = node("reshape", [node("transpose", [x], { perm })], { shape: covered });
    if (behind.every((n) => n === 0)) return there;
    return node("pad", [there, splat(0, [], x.dtype)], { lo: none, hi: behind, interior: none });
  };
  let sum = elementwise(w!, moved);
  for (const [i, axis] of axes.entries())
    if (rest[i] !== 0) sum = node("select", [below(covered[axis]!, y!.shape, axis), sum, splat(0, y!.shape, y!.dtype)]);
  // a float's sum begins at +0, which −0 alone would not give
  return isFloat(y!.dtype) ? node("add", [sum, splat(0, y!.shape, y!.dtype)]) : sum;
}

/** Where the index along an axis is below a size. */
function below(size: Dim, shape: Shape, axis: number): Tensor {
  const index = node("iota", [], { axis, shape, dtype: "int32" });
  const end = node("broadcast", [node("dim", [], { expr: size, dtype: "int32" })], { shape, dims: [] });
  return node("compare", [index, end], { dir: "lt" });
}

/** What a tensor is made of by ops on elements, moved, and these ops done behind. */
function elementwise(tensor: Tensor, moved: (x: Tensor) => Tensor): Tensor {
  const done = new Map<Tensor, Tensor>();
  const visit = (x: Tensor): Tensor => {
    const known = done.get(x);
    if (known !== undefined) return known;
    const inside = x.op.kind === "scalar" && done.size < MAX_NODES;
    const next = inside ? node(x.op.name, x.node.inputs.map(visit), x.attrs) : moved(x);
    done.set(x, next);
    return next;
  };
  return visit(tensor);
}
