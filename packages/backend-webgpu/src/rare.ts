/** What most programs do without; see `parts.ts`. */

/** So that what this shares with the backend lies in one file of a bundle with the rest of it. */
export { webgpu } from "./backend.ts";
export { deviceKernels } from "./device-kernels.ts";
export { renderRegisters } from "./kernels/dot-registers.ts";
export { functions } from "./wgsl/functions-rare.ts";
export { accessorFunctions, nativeFunctions } from "./wgsl/halves.ts";
export { rareAlu } from "./wgsl/language-rare.ts";
