import "./fluent.ts";

export * from "./attrs.ts";
export { resolveAxes, resolveAxis } from "./axes.ts";
export { canonicalModule } from "./canonical.ts";
export { defineOp, defineScalar, opRecord } from "./define.ts";
export { detached } from "./detached.ts";
export {
  type Dim,
  DimExpr,
  type DimSymbol,
  dimAdd,
  dimAtMost,
  dimFloorDiv,
  dimMax,
  dimMin,
  dimMod,
  dimMul,
  dimRange,
  dimSub,
  dimSubstitute,
  dimSymbol,
  dimSymbols,
  dimValue,
  MAX_ELEMENTS,
  sameDim,
} from "./dim.ts";
export { parseDim } from "./dim-text.ts";
export * from "./dtype.ts";
export * from "./errors.ts";
export * from "./files.ts";
export { close, Fn, type Traced, type TraceHook, type TraceOptions, trace } from "./function.ts";
export { buildModule, type ModuleParts, mapRegions } from "./graph.ts";
export { contentHash, structuralHash } from "./hash.ts";
export { isRecord } from "./is-record.ts";
export { input, inputOp, isLeaf } from "./leaf.ts";
export type { Limits } from "./limits.ts";
export * from "./module.ts";
export * from "./number.ts";
export { applyOp, type Binary, type OpFunction, type Unary } from "./op.ts";
export * from "./ops/index.ts";
export { broadcastShape, checkTensor, convertTo, splat, toTensor } from "./promote.ts";
export { didYouMean, nearest, sourceLine, tensorFix, valueText } from "./prose.ts";
export * from "./record.ts";
export { entryGraph, isVerified, recorded, type VerifiedModule } from "./recorded.ts";
export { allOps, lookupOp } from "./registry.ts";
export { orderAfter, substitute, topologicalOrder } from "./rewrite.ts";
export { checked, fail, failDType, inferTypes } from "./rule.ts";
export { currentPath, withOrigin, withScope, withSources, withTrace } from "./scope.ts";
export * from "./shape.ts";
export { type Match, matchSignature } from "./signature.ts";
export {
  becomeLeaf,
  currentRuntime,
  installRuntime,
  Node,
  nextNodeId,
  Tensor,
  type TensorData,
  type TensorRuntime,
} from "./tensor.ts";
export { opsetVersion, standardOpsets } from "./versions.ts";
