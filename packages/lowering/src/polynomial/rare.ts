/** The functions that most programs do without. */
export { erf } from "./erf.ts";
export { log1p } from "./log1p.ts";
export { pow } from "./pow.ts";
export { tanh } from "./tanh.ts";
export { cos, sin } from "./trigonometric.ts";
