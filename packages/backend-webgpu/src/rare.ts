/** What most programs do without; see `parts.ts`. */
export { deviceKernels } from "./device-kernels.ts";
export { renderRegisters } from "./kernels/dot-registers.ts";
export { functions } from "./wgsl/functions-rare.ts";
export { accessorFunctions, nativeFunctions } from "./wgsl/halves.ts";
export { rareAlu } from "./wgsl/language-rare.ts";
