export { type InterpreterOptions, interpreter } from "./backend.ts";
export { evaluateFn, evaluateTensors, run } from "./evaluate.ts";
export { type Program, Programs, type Step } from "./program.ts";
