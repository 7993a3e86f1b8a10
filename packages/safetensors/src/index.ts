export { dtypeBytes, type SafetensorsDType } from "./dtype.ts";
export { SafetensorsError, type SafetensorsErrorDetails } from "./errors.ts";
export { defaultLimits, type SafetensorsLimits } from "./limits.ts";
export { parseSafetensors, type Safetensors, type SafetensorsTensor } from "./parse.ts";
export { serializeSafetensors } from "./serialize.ts";
