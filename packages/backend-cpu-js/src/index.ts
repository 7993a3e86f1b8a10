export { AssemblyError } from "./assembler/errors.ts";
export { type Features, features } from "./assembler/features.ts";
export { type BlockType, FunctionBuilder, type Label } from "./assembler/function.ts";
export { control, type Immediate, type InstructionRow, instructions } from "./assembler/instructions.ts";
export { Declared, type MemoryLimits, ModuleBuilder, type Parameters, type Signature } from "./assembler/module.ts";
export type { Entry, Limits } from "./assembler/sections.ts";
export { type FunctionType, functionTypeText, type ValueType } from "./assembler/types.ts";
export {
  DataSegment,
  ElementSegment,
  Func,
  Global,
  Local,
  Memory,
  type Operand,
  type Readable,
  type Results,
  type Returned,
  Table,
  Value,
} from "./assembler/values.ts";
export { type CpuJsOptions, cpuJs } from "./backend.ts";
export type { MemoryDebug } from "./memory.ts";
