export { AssemblyError } from "./assembler/errors.ts";
export { type Features, features } from "./assembler/features.ts";
export { FunctionBuilder, type Label } from "./assembler/function.ts";
export { type Entry, type MemoryLimits, ModuleBuilder, type Parameters, type Signature } from "./assembler/module.ts";
export type { FunctionType, ValueType } from "./assembler/types.ts";
export {
  Expression,
  type Func,
  Local,
  type Operand,
  type Readable,
  type Results,
  type Returned,
} from "./assembler/values.ts";
export { type CpuJsOptions, cpuJs } from "./backend.ts";
export type { MemoryDebug } from "./watched-memory.ts";
