import type { Tensor } from "@tenon/ir";
import { isImplied } from "../fuse/spaces.ts";
import { addIndex, constantIndex, constantOf, factorsOf, multiplyIndex, termsOf } from "../index-expression.ts";
import { variablesOf } from "../index-fold.ts";
import type { Index, IndexVariable } from "../index-node.ts";
import { always } from "../index-predicate.ts";
import { indexAxes, viewOf } from "../view.ts";
import { addressOf } from "../view-address.ts";

/** An address as `start + Σ_k variable_k · strides_k`. */
export interface Linear {
  readonly start: Index;
  readonly strides: readonly Index[];
}

/** A tensor whose elements are those of another one in memory, at constant distances. */
export interface StridedRead extends Linear {
  readonly source: Tensor;
}

/** Where all elements of a tensor lie at constant distances in what it is moved from, there; otherwise they must lie in its own memory. */
export function stridedRead(tensor: Tensor): StridedRead {
  const axes = indexAxes(tensor);
  const [read, ...others] = viewOf(tensor, axes).reads;
  if (read !== undefined && others.length === 0 && read.mask === always && !isImplied(read.source)) {
    const lies = linearIn(addressOf(read.source.shape, read.index), axes);
    if (lies !== undefined) return { source: read.source, ...lies };
  }
  return { source: tensor, ...linearIn(addressOf(tensor.shape, axes), axes)! };
}

/** An address in variables that it moves evenly along, each by itself; undefined where it does not. Of numbers there are no strides but 0. */
export function linearIn(address: Index, axes: readonly Index[]): Linear | undefined {
  const variables = axes.filter((axis): axis is IndexVariable => axis.kind === "variable");
  const strides: Index[] = axes.map(() => constantIndex(0));
  let start: Index = constantIndex(constantOf(address));
  for (const { coefficient, of } of termsOf(address)) {
    const factors = factorsOf(of);
    const at = factors.findIndex((f) => variables.includes(f as IndexVariable));
    const others = at < 0 ? factors : factors.toSpliced(at, 1);
    if (others.some((f) => variables.some((v) => variablesOf(f).has(v)))) return undefined;
    const step = multiplyIndex(coefficient, ...others);
    const axis = at < 0 ? -1 : axes.indexOf(factors[at]!);
    if (axis < 0) start = addIndex(start, step);
    else strides[axis] = addIndex(strides[axis]!, step);
  }
  return { start, strides };
}
