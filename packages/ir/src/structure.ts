import type { AttrValue, FunctionRef } from "./attrs.ts";
import { DimExpr } from "./dim.ts";
import { Fn } from "./function.ts";
import { topologicalOrder } from "./rewrite.ts";
import { sameAttr } from "./same-attr.ts";
import { sameType, type TensorType, typeText } from "./shape.ts";
import type { Node, Tensor } from "./tensor.ts";

const hashes = new WeakMap<Node, number>();

/**
 * A 32-bit hash of the graph that ends in `node`: ops, attributes, types and wiring, with leaves known by their types
 * alone: `x·x` and `x·y` have one hash, and a caller to whom they differ adds which leaf stands where. Computed once per
 * node from its inputs' hashes, so that a graph that grows costs only what is new.
 */
export function nodeHash(node: Node): number {
  const known = hashes.get(node);
  if (known !== undefined) return known;
  for (const next of topologicalOrder([node.outputs[0]!], (n) => hashes.has(n))) {
    if (hashes.has(next)) continue;
    let hash = mixText(0x811c9dc5, next.op.kind === "leaf" ? "leaf" : `${next.op.name}@${next.op.version}`);
    if (next.op.kind !== "leaf") hash = mixValue(hash, next.attrs);
    for (const type of next.results) hash = mixText(hash, typeText(type));
    for (const t of next.inputs) hash = mix(mix(hash, hashes.get(t.node)!), t.index);
    hashes.set(next, hash >>> 0);
  }
  return hashes.get(node)!;
}

const mix = (hash: number, x: number): number => {
  const h = Math.imul(hash ^ x, 0x01000193);
  return h ^ (h >>> 15);
};

function mixText(hash: number, text: string): number {
  for (let i = 0; i < text.length; i++) hash = mix(hash, text.charCodeAt(i));
  return hash;
}

function mixValue(hash: number, value: AttrValue): number {
  if (value instanceof Fn) return value.results.reduce((h, t) => mix(mix(h, nodeHash(t.node)), t.index), hash);
  if (value instanceof Uint8Array) return value.reduce(mix, hash);
  if (value instanceof DimExpr) return mixText(hash, value.key);
  if (Array.isArray(value)) return value.reduce(mixValue, mix(hash, value.length));
  if (typeof value === "object") {
    for (const [name, entry] of Object.entries(value)) hash = mixValue(mixText(hash, name), entry as AttrValue);
    return hash;
  }
  return mixText(hash, Object.is(value, -0) ? "-0" : String(value));
}

/**
 * Whether two graphs are the same up to the identity of their leaves: the same ops, attributes, types and wiring, and
 * a leaf that is used twice in one is used twice in the other.
 */
export function sameStructure(a: readonly Tensor[], b: readonly Tensor[]): boolean {
  if (a.length !== b.length) return false;
  const [left, right] = [topologicalOrder(a), topologicalOrder(b)];
  if (left.length !== right.length) return false;
  const partner = new Map<Node, Node>();
  const same = (s: Tensor, t: Tensor): boolean => s.index === t.index && partner.get(s.node) === t.node;
  for (const [i, node] of left.entries()) {
    const other = right[i]!; // equal graphs are walked in the same order
    const leaf = node.op.kind === "leaf";
    if (leaf ? other.op.kind !== "leaf" : node.op !== other.op) return false;
    if (!sameTypes(node.results, other.results) || node.inputs.length !== other.inputs.length) return false;
    if (!leaf && !sameAttr(node.attrs, other.attrs, sameFunction)) return false;
    partner.set(node, other);
    if (!node.inputs.every((t, j) => same(t, other.inputs[j]!))) return false;
  }
  return a.every((t, i) => same(t, b[i]!));
}

const sameTypes = (a: readonly TensorType[], b: readonly TensorType[]): boolean =>
  a.length === b.length && a.every((type, i) => sameType(type, b[i]!));

const sameFunction = (a: FunctionRef, b: FunctionRef): boolean =>
  a instanceof Fn &&
  b instanceof Fn &&
  sameTypes(a.inputs, b.inputs) &&
  sameStructure([...a.inputs, ...a.results], [...b.inputs, ...b.results]);
