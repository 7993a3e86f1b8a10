import "./runtime.ts";
import "./resolver.ts";

export * from "@tenon/ir";
export { checkpoint, customGradient, hessian, jvp, vjp, vmap } from "@tenon/autograd";
export type { BackendChoice } from "@tenon/backend";
export { compile, type ArgumentSpec, type Compiled, type CompileSettings } from "./compile.ts";
export { choose, cond, scan, type ScanOptions, type TensorTree, whileLoop, type WhileOptions } from "./control.ts";
export { Context, inference, type Key, training } from "./context.ts";
export * from "./create.ts";
export { currentBackend, setBackend } from "./device.ts";
export { loadStep, type LoadOptions } from "./format.ts";
export { grad, type Gradients, type GradientsOf, type GradOptions, valueAndGrad } from "./gradients.ts";
export { memory, type MemoryReport } from "./memory.ts";
export { key, keys, keySpec, type KeySequence } from "./random.ts";
export { realize } from "./realize.ts";
export { type HasVariables, nameVariables, Variable, variable, type VariableOptions, type VariableRole, variables, variablesOf, type VariableTree } from "./variable.ts";
export * from "./host-math.ts";
export * from "./host-random.ts";
