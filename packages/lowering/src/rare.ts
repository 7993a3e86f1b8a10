/** What most programs do without; see `parts.ts`. */
export { emitClaimed } from "./emit/claimed.ts";
export { dynamicSlice, dynamicUpdate } from "./emit/dynamic.ts";
export { foldReduction } from "./emit/fold.ts";
export { emitScatter } from "./emit/scatter.ts";
export { oddly, saturated, shortBitcast } from "./emit/sixteen.ts";
export { emitRanking, emitSort } from "./emit/sort.ts";
export { failures } from "./failures.ts";
export { conditionalAnew, conditionalBuilt, conditionalValue } from "./index-fold-rare.ts";
export { junction, opposite, unclear, zero } from "./index-predicate-rare.ts";
export { relaxedLeast } from "./index-relaxed.ts";
export { selection } from "./index-select.ts";
export { lowerControl } from "./lower/control.ts";
export { constantSlice } from "./passes/constant-slice.ts";
export { folded } from "./passes/fold-elements.ts";
export { trim } from "./passes/trim.ts";
export { keepThroughLoops } from "./plan/loops.ts";
export { lanesAt } from "./view-lanes.ts";
export { moves } from "./view-moves-rare.ts";
