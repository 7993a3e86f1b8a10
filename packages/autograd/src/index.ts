export { Beside, type TensorTree } from "./arguments.ts";
export { type CheckOptions, checkGradients, type Evaluate, type GradientTolerance } from "./check.ts";
export { checkpoint } from "./checkpoint.ts";
export { type Cotangents, type CustomOptions, customGradient } from "./custom.ts";
export { type GradientsOf, type GradOptions, grad, jvp, valueAndGrad, vjp } from "./grad.ts";
export { hessian, jacobian } from "./jacobian.ts";
export { type Forward, forward } from "./jvp.ts";
export { type Backward, backward } from "./vjp.ts";
export { type MappedAxis, type VmapOptions, vmap } from "./vmap.ts";
