export type { Target } from "./body.ts";
export { extentOf, renderLoops, SHARE } from "./loops.ts";
export { importMath, isMathName, type MathFunctions, type MathName, mathImports } from "./math.ts";
export { vectorizes } from "./variation.ts";
