export { largestTensors } from "../plan/largest.ts";
export type { AttentionAttrs } from "./claimed/attention.ts";
export { renderClaimed, threadClaims } from "./claimed/claimed.ts";
export type { ConvAttrs } from "./claimed/conv.ts";
export { constantsWith, integerConstant } from "./constants.ts";
export { joinLanes } from "./lanes.ts";
export type { Lanes, Language, Vectors } from "./language.ts";
export { likelyCount } from "./likely.ts";
export type { MappingLimits } from "./mapping.ts";
export { renderThreads, type ThreadCode } from "./render.ts";
export { Source } from "./source.ts";
export { partsFor, splitProduct } from "./split-product.ts";
export { splitReduction } from "./split-reduction.ts";
export { wideCode } from "./wide.ts";
export {
  type Work,
  type WorkInstance,
  type WorkKernels,
  type WorkSource,
  type Works,
  wantWorks,
  worksOf,
} from "./works.ts";
