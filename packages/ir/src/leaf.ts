import { optional, text } from "./attrs.ts";
import type { OpRecord } from "./record.ts";
import type { TensorType } from "./shape.ts";
import { Node, type Tensor } from "./tensor.ts";

/** The argument of a function: a leaf whose value is given when the function is called. */
export const inputOp: OpRecord = {
  name: "input",
  version: 1,
  kind: "leaf",
  numeric: "exact",
  inputs: [],
  results: ["y"],
  attrs: { name: optional(text()) },
  type: () => [],
};

/** A new argument leaf. */
export function input(type: TensorType, name?: string): Tensor {
  return new Node(inputOp, [], name === undefined ? {} : { name }, [{ dtype: type.dtype, shape: type.shape }])
    .outputs[0]!;
}

/** Whether a node is an argument or holds data, as against the result of an op. */
export const isLeaf = (node: Node): boolean => node.op.kind === "leaf";
