export * from "./arithmetic.ts";
export * from "./cast.ts";
export * from "./compare.ts";
export * from "./composite.ts";
export * from "./constant.ts";
