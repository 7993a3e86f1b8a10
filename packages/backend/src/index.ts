export * from "./bind.ts";
export * from "./contract.ts";
export * from "./registry.ts";
export * from "./signature.ts";
