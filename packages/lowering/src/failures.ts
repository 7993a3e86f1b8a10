import {
  BackendError,
  type DType,
  type Node,
  type Shape,
  ShapeError,
  StateError,
  shapeText,
  type Tensor,
} from "@tenon/ir";

const unstored = (op: string, problem: string, result?: Tensor): StateError =>
  new StateError("E419", op, problem, result === undefined ? {} : { operands: { result } });

/** What can go wrong in a compilation. The texts are loaded when one is wanted. */
export const failures = {
  inexact: (n: number) => new ShapeError("E213", "index", `${n} is no exact integer`, { fix: "keep sizes under 2^53" }),
  divisor: (smallest: number) =>
    new ShapeError("E212", "index", `the divisor of a quotient may be ${smallest}, below 1`, {
      fix: "divide by what is at least 1",
    }),
  address: (count: number, shape: Shape) =>
    new ShapeError("E206", "addressOf", `${count} indices do not address the shape ${shapeText(shape)}`),
  view: (count: number, tensor: Tensor) =>
    new ShapeError("E206", "viewOf", `${count} indices do not address a tensor of rank ${tensor.rank}`, {
      operands: { tensor },
    }),
  dtype: (dtype: DType) =>
    new BackendError("E511", "lowering", `kernels do not compute with ${dtype}`, {
      fix: "convert to int32 or float32",
    }),
  control: ({ op }: Node) => unstored(op.name, "control flow is no kernel, but made of launches"),
  ungrouped: ({ op, outputs }: Node) =>
    unstored(op.name, "the op is in no group, and its result is not stored", outputs[0]),
  columnSum: (tensor: Tensor) =>
    unstored("reduce", "the sum is not one over the rows of the product whose kernel computes it", tensor),
  elsewhere: (tensor: Tensor) =>
    unstored(
      tensor.op.name,
      "the result is wanted elsewhere than at the rows of a kernel that gathers it, and is not stored",
      tensor,
    ),
  noElements: (tensor: Tensor) =>
    unstored(tensor.op.name, "the result is not stored, and is no function of single elements", tensor),
};
