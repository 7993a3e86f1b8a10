import {
  checkList,
  checkOptions,
  type Dim,
  type DType,
  OptionError,
  type Shape,
  spec,
  type Tensor,
  type TensorType,
  typeText,
  valueText,
} from "@tenon/tensor";
import { type TreeStructure, treeEntries, treeFlatten, treeUnflatten } from "@tenon/tree";
import { sketch } from "./build.ts";
import type { AnyLayer } from "./layer.ts";

/** Nodes where a layer has tensors: one, or the same lists and records of them. */
export type NodesOf<T> = 0 extends T & 1 // which only `any` fulfils
  ? any
  : T extends Tensor
    ? GraphNode
    : { readonly [K in keyof T]: NodesOf<T[K]> };

/** A layer on certain nodes. */
export interface Application {
  readonly layer: AnyLayer;
  readonly inputs: readonly GraphNode[];
  /** How the layer's input is made up of them. */
  readonly structure: TreeStructure<unknown>;
  outputs: readonly GraphNode[];
}

/**
 * A tensor to come, in a graph of layers: what `input` makes and `layer.on(node)` gives. Its type is known, and it has no
 * value; `model` makes a layer of the graph.
 */
export class GraphNode implements TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly name: string | undefined;
  /** What it is a result of; an input of the graph is of none. */
  readonly origin: Application | undefined;

  constructor({ dtype, shape }: TensorType, name?: string, origin?: Application) {
    this.dtype = dtype;
    this.shape = shape;
    this.name = name;
    this.origin = origin;
  }

  /** The layer's results on nodes of which this is the first: what `layer.on(x)` gives. */
  feed(layer: AnyLayer, x: unknown): unknown {
    for (const [path, leaf] of treeEntries<unknown>(x)) {
      if (leaf instanceof GraphNode) continue;
      throw new OptionError(
        "E803",
        layer.kind,
        `${path === "" ? "the input" : `the input at ${path}`} is ${valueText(leaf)}, which is no node of a graph`,
        {
          fix: "give nodes: results of on, or of input",
        },
      );
    }
    const { leaves, structure } = treeFlatten(x);
    const inputs = leaves as GraphNode[];
    const application: Application = { layer, inputs, structure, outputs: [] };
    const y = sketch(layer, { types: inputs, structure });
    application.outputs = y.types.map((type) => new GraphNode(type, undefined, application));
    return treeUnflatten(y.structure, application.outputs);
  }
}

/** How errors call a node. */
export const nodeText = (node: GraphNode): string =>
  node.name === undefined ? `the input of type ${typeText(node)}` : `the input ${JSON.stringify(node.name)}`;

export interface InputOptions {
  /** `float32` by default. */
  readonly dtype?: DType;
  /** What errors call it. */
  readonly name?: string;
  /** The number of examples, where the model is for one number alone; open by default. */
  readonly batchSize?: number;
}

/**
 * Where a graph of layers begins: a node for examples of a shape, which does not count them, `input([28, 28, 1])`.
 * Sizes may be names: `input(["T"], { dtype: "int32" })`.
 */
export function input(shape: readonly (number | string)[], options: InputOptions = {}): GraphNode {
  checkList("input", "the shape", shape, "input([28, 28, 1])");
  checkOptions("input", options, ["dtype", "name", "batchSize"]);
  const { dtype = "float32", name, batchSize = "B" } = options;
  return new GraphNode(spec([batchSize, ...(shape as Dim[])], dtype), name);
}
