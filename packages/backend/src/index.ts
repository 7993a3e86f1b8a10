export * from "./bind.ts";
export * from "./buffers.ts";
export * from "./check.ts";
export * from "./choose.ts";
export * from "./contract.ts";
export * from "./live-buffers.ts";
export * from "./registry.ts";
export * from "./signature.ts";
