// Registers the backend, so that a program need not name one.
import "@tenon/backend-cpu-js";

export { type CpuJsOptions, cpuJs } from "@tenon/backend-cpu-js";
export * from "@tenon/datasets";
export * as datasets from "@tenon/datasets";
// Where two packages use one name, it means here what a program most likely wants; the other is in its package's namespace.
// Ops on tensors have methods, and initialisers and metrics have names that are texts: "zeros", "meanSquaredError".
export { oneHot, xor } from "@tenon/datasets";
export * from "@tenon/layers";
export * as layers from "@tenon/layers";
export {
  add,
  type BatchNormOptions,
  batchNorm,
  type ConvOptions,
  type ConvTransposeOptions,
  type DotOptions,
  dot,
  dropout,
  embedding,
  flatten,
  type GroupNormOptions,
  groupNorm,
  input,
  type LayerNormOptions,
  layerNorm,
  maximum,
  minimum,
  type NormalOptions,
  type RmsNormOptions,
  reshape,
  rmsNorm,
} from "@tenon/layers";
export * from "@tenon/layers/pictures";
export * from "@tenon/losses";
export * as losses from "@tenon/losses";
export { meanAbsoluteError, meanSquaredError } from "@tenon/losses";
export * from "@tenon/metrics";
export * as metrics from "@tenon/metrics";
export * from "@tenon/optimizers";
export * as optimizers from "@tenon/optimizers";
export { type TraceOptions, trace } from "@tenon/optimizers";
export * from "@tenon/tensor";
export * as tensors from "@tenon/tensor";
export { constant, mean, ones, zeros } from "@tenon/tensor";
export type { BoundOptimizer, Loss, Metric, MetricName } from "@tenon/train";
export * from "@tenon/train";
