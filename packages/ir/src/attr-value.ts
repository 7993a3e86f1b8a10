import type { AttrValue, FunctionRef } from "./attrs.ts";

export const isList = (value: AttrValue): value is readonly AttrValue[] => Array.isArray(value);

export const isFunctionRef = (value: AttrValue): value is FunctionRef =>
  typeof value === "object" && !Array.isArray(value) && "signature" in value;
