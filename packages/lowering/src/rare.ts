/** What writes ops that most programs have not; see `rules.ts`. */
export { dynamicSlice, dynamicUpdate } from "./emit/dynamic.ts";
export { foldReduction } from "./emit/fold.ts";
export { emitScatter } from "./emit/scatter.ts";
export { bitsOf, floatOf, oddly } from "./emit/sixteen.ts";
export { emitRanking, emitSort } from "./emit/sort.ts";
export { lowerControl } from "./lower/control.ts";
