export type { Target } from "./body.ts";
export { extentOf, renderLoops, SHARE } from "./loops.ts";
export { importMath, type MathFunctions, mathImports } from "./math.ts";
