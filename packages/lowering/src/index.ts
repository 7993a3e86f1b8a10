export { type Flat, flattened } from "./emit/dot.ts";
export { freeAxes } from "./emit/reduction.ts";
export { type Linear, linearIn, type StridedRead, stridedRead } from "./emit/strided.ts";
export { type Claims, type ExpandOptions, expand, siteOf } from "./expand.ts";
export { maximum, minimum, selectIndex } from "./index-choice.ts";
export { ceilDiv, floorDiv, modIndex } from "./index-division.ts";
export {
  addIndex,
  constantIndex,
  type IndexLike,
  indexAxis,
  indexOfDim,
  indexVariable,
  multiplyIndex,
  subtractIndex,
} from "./index-expression.ts";
export { evaluateIndex, foldIndex, type IndexBuilder, substituteIndex, variablesOf } from "./index-fold.ts";
export {
  type Index,
  type IndexNode,
  type IndexVariable,
  type Parts,
  type Predicate,
  withIndexScope,
} from "./index-node.ts";
export { always, and, atMost, equalIndex, lessThan, never, not, or } from "./index-predicate.ts";
export { greatest, least, partsOf } from "./index-range.ts";
export { epilogueAt } from "./kernel/claimed.ts";
export { bodiesOf, launchesOf } from "./kernel/items.ts";
export * from "./kernel/kernel.ts";
export type * from "./kernel/program.ts";
export { valueTypeOf } from "./kernel/value-type.ts";
export { kernelKey } from "./kernel/walk.ts";
export { KernelWriter } from "./kernel/writer.ts";
export { backendFrom, type KernelBackend, kernelsOf, programOf } from "./kernel-backend.ts";
export { type Late, late, withParts } from "./late.ts";
export { type LowerOptions, lower } from "./lower/lower.ts";
export { loadParts } from "./parts.ts";
export { algebra, algebraOf, algebraRules } from "./passes/algebra.ts";
export type { AlgebraRule } from "./passes/algebra-rule.ts";
export { foldConstants } from "./passes/fold.ts";
export { inlineCalls } from "./passes/inline.ts";
export { mergeCommon } from "./passes/merge.ts";
export type { Pass, Rule } from "./passes/pass.ts";
export { rewrite } from "./passes/rewrite.ts";
export { dropUnused } from "./passes/unused.ts";
export { neighboursOf, placeBySize } from "./plan/place.ts";
export { type MemoryLayout, type PlanOptions, planMemory, type StepMemory } from "./plan/plan.ts";
export type { InPlacePairs, PlannedMemory } from "./plan/sharing.ts";
export type { Arithmetic, Elementary } from "./polynomial/arithmetic.ts";
export { type ElementaryName, elementary } from "./polynomial/elementary.ts";
export { passes, simplify } from "./simplify.ts";
export { indexAxes, type Read, type View, type ViewOptions, viewOf } from "./view.ts";
export { addressOf, fitsInt32, type Lanes, lanesOf, strideOf } from "./view-address.ts";
export { isMove } from "./view-moves.ts";
