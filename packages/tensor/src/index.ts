import "./runtime.ts";
import "./resolver.ts";

export type { BackendChoice } from "@tenon/backend";
export * from "@tenon/ir";
export { type Compiled, type CompileSettings, compile } from "./compile.ts";
export { Context, type ContextSpec, inference, inferenceSpec, type Key } from "./context.ts";
export { choose, cond, type ScanOptions, scan, type TensorTree, type WhileOptions, whileLoop } from "./control.ts";
export * from "./create.ts";
export { capabilitiesOf, currentBackend, isDeviceLost, setBackend } from "./device.ts";
export { dryRun, isTracing } from "./dry-run.ts";
export { type LoadOptions, loadStep } from "./format.ts";
export { type Gradients, type GradientsOf, type GradOptions, grad, valueAndGrad } from "./gradients.ts";
export * from "./host-math.ts";
export * from "./host-random.ts";
export { type HostState, type HostStateOptions, hostState } from "./host-state.ts";
export type { ArgumentSpec } from "./layout.ts";
export { type MemoryReport, memory } from "./memory.ts";
export { hostKeyOf, type KeySequence, key, keySpec, keys } from "./random.ts";
export { realize } from "./realize.ts";
export { flush } from "./runtime.ts";
export { pathHash, training, trainingSpec } from "./training.ts";
export { checkpoint, customGradient, hessian, jvp, vjp, vmap } from "./transforms.ts";
export {
  type HasVariables,
  nameVariables,
  Variable,
  type VariableOptions,
  type VariableRole,
  type VariableTree,
  variable,
  variables,
  variablesOf,
} from "./variable.ts";
