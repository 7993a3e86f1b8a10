import {
  type Dim,
  dimMul,
  dimSymbols,
  dimValue,
  Fn,
  input,
  isLeaf,
  type Node,
  type Shape,
  sizeOf,
  type Tensor,
  topologicalOrder,
} from "@tenon/tensor";

/** A size with 1 for every name in it: one example. */
export const atOne = (d: Dim): number => dimValue(d, new Map([...dimSymbols(d).keys()].map((name) => [name, 1])));

export const elements = (shape: Shape): number => atOne(sizeOf(shape));

/**
 * Floating-point operations of a node for one example: `2·k` for each element of a matrix product over k, one for each
 * element that a reduction takes in, one for each result of a scalar op, none where elements only move. A composite
 * counts as what those of its results that are `used` are made of; a loop as its body times its steps where their number
 * is known.
 */
export function flopsOf({ op, inputs, attrs, results }: Node, used = results.map((_, i) => i)): number {
  if (op.decompose !== undefined) {
    const leaves = inputs.map((x) => input(x));
    const made = [op.decompose(leaves, attrs)].flat() as readonly Tensor[];
    return flopsBehind(used.map((i) => made[i]!)).reduce((sum, { flops }) => sum + flops, 0);
  }
  const bodies = Object.values(attrs)
    .flat()
    .filter((value) => value instanceof Fn);
  if (bodies.length > 0) {
    const once = bodies.flatMap(({ results: ys }) => flopsBehind(ys)).reduce((sum, { flops }) => sum + flops, 0);
    return once * ("length" in attrs ? atOne(attrs.length as Dim) : 1);
  }
  if (op.kind === "scalar") return elements(results[0]!.shape);
  if (op.numeric !== "accumulate") return 0;
  const [x] = inputs;
  const contracted = (attrs.contract as readonly (readonly number[])[] | undefined)?.[0];
  if (contracted === undefined) return x === undefined ? 0 : elements(x.shape);
  return 2 * elements(results[0]!.shape) * atOne(contracted.map((axis) => x!.shape[axis]!).reduce<Dim>(dimMul, 1));
}

/** The nodes that some tensors are computed by, with the layer path of each. */
export function flopsBehind(ys: readonly Tensor[]): { readonly scope: string; readonly flops: number }[] {
  const nodes = topologicalOrder(ys).filter((node) => !isLeaf(node));
  const used = new Set([...ys, ...nodes.flatMap(({ inputs }) => inputs)]);
  return nodes.map((node) => ({
    scope: node.scope ?? "",
    flops: flopsOf(
      node,
      node.outputs.flatMap((y, i) => (used.has(y) ? [i] : [])),
    ),
  }));
}
