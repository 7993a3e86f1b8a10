import { isFunctionRef, isList } from "./attr-value.ts";
import type { Attrs, AttrValue, FunctionRef } from "./attrs.ts";
import { DimExpr, sameDim } from "./dim.ts";
import type { FunctionName } from "./module.ts";

const sameName = (a: FunctionRef, b: FunctionRef): boolean => (a as FunctionName).name === (b as FunctionName).name;

/** Equal attributes: numbers by their bits, sizes by their normal form, functions by their names or as `sameFunction` says. */
export function sameAttr(a: AttrValue, b: AttrValue, sameFunction = sameName): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object") return false;
  if (a instanceof DimExpr) return b instanceof DimExpr && sameDim(a, b);
  if (a instanceof Uint8Array) return b instanceof Uint8Array && a.length === b.length && a.every((x, i) => x === b[i]);
  if (isList(a)) return isList(b) && a.length === b.length && a.every((x, i) => sameAttr(x, b[i], sameFunction));
  if (isFunctionRef(a)) return isFunctionRef(b) && sameFunction(a, b);
  if (b instanceof DimExpr || b instanceof Uint8Array || isList(b) || isFunctionRef(b)) return false;
  const [x, y] = [a as Attrs, b as Attrs];
  const names = Object.keys(x);
  return (
    names.length === Object.keys(y).length &&
    names.every((name) => Object.hasOwn(y, name) && sameAttr(x[name], y[name], sameFunction))
  );
}
